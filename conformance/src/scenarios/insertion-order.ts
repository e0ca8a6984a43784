import { PROTOCOLS } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { exported } from './filled.ts'
import { ALL, group } from './kit.ts'
import { asked, event, mark, move, plant } from './plant.ts'
import { aRequest } from './samples.ts'

/** Times in the order of insertion: they repeat, go back, and lie far ahead of every clock, as after one that was set back. */
const TIMES = ['2200-01-01', '2026-03-01', '2026-03-01', '1999-12-31', '2199-12-31', '1970-01-01'].map(
  (day) => `${day}T00:00:00.000000Z`,
)
const IDS = ['m', 'z', 'a', 'k', 'b', 'y']

const at = (n: number): string => TIMES[n] ?? ''

export const scenarios: readonly Scenario[] = group(
  { level: 'atomic', protocols: PROTOCOLS, capabilities: ALL, needs: 'empty' },
  [
    {
      id: 'insertion-order/is-not-that-of-times',
      title: 'lists stand in the order of insertion where times are equal, go back or lie ahead of the clock',
      clause: 'in the order of insertion; getCurrentStatus: the last transition',
      asserts: 14,
      async run({ storage, assert }) {
        const { decisionAudit, saga, escalation, lifecycle } = storage
        await plant(
          storage,
          IDS.flatMap((id, n) => [
            event(n + 1, 'flow', { event: id, timestamp: at(n) }),
            mark(id, at(n)),
            asked(id, at(n)),
            move('flow', id, at(n)),
          ]),
        )
        const lists = async () => ({
          events: (await decisionAudit.eventsForDfid('flow')).map(({ event: name }) => name),
          all: (await decisionAudit.allEventsChronological()).map(({ event: name }) => name),
          marks: await saga.getDirtyFlows(),
          requests: (await escalation.getPendingRequests()).map(({ dfid }) => dfid),
          moves: (await lifecycle.getTransitions('flow')).map(({ toStatus }) => toStatus),
          allMoves: (await lifecycle.getTransitions()).map(({ toStatus }) => toStatus),
        })
        const same = (ids: readonly string[]) => {
          const [events, all, marks, requests, moves, allMoves] = Array.from({ length: 6 }, () => ids)
          return { events, all, marks, requests, moves, allMoves }
        }
        assert.equal(await lists(), same(IDS), 'as they were imported')
        const current = async () => await lifecycle.getCurrentStatus('flow')
        assert.equal(await current(), 'y', 'the current status, though its time is the earliest')
        const write = async (id: string): Promise<void> => {
          await decisionAudit.record('flow', id)
          await saga.markDirty(id, 'step', '{}')
          await escalation.insertRequest(aRequest(id, 'agent'))
          await lifecycle.recordTransition('flow', null, id)
        }
        await write('c')
        assert.equal(await lists(), same([...IDS, 'c']), 'what is written now, before times that lie ahead')
        assert.equal(await current(), 'c', 'the current status')
        await write('0')
        await write('A')
        assert.equal(await lists(), same([...IDS, 'c', '0', 'A']), 'further ones')
        await saga.markDirty('m', 'step', '{}')
        await escalation.insertRequest(aRequest('m', 'agent'))
        const moved = [...IDS.slice(1), 'c', '0', 'A', 'm']
        const { marks, requests } = await lists()
        assert.equal(
          [marks, requests],
          [moved, moved],
          'one that is marked and opened again moves to the end',
        )
        const [reopened] = (await escalation.getPendingRequests()).slice(-1)
        const [replaced, later] = [at(0), reopened?.createdAt ?? '']
        assert.ok(later > replaced, 'a request that is opened again has a later time than the replaced one')
        assert.equal(
          await escalation.resolveRequest('m', '2026-03-01', 'x', null, { createdAt: replaced }),
          false,
          'a decision on the replaced one',
        )
        assert.equal(
          await escalation.resolveRequest('m', '2026-03-01', 'x', null, { createdAt: later }),
          true,
          'a decision on the later one',
        )
        const records = await exported(storage)
        const ofType = (type: string) => records.filter((one) => one.type === type)
        assert.equal(
          ofType('event').map((one) => (one as { event?: string }).event),
          [...IDS, 'c', '0', 'A'],
          'exported events',
        )
        const times = ofType('event').map((one) => (one as { timestamp?: string }).timestamp)
        assert.equal(times.slice(0, IDS.length), TIMES, 'the times of the imported ones')
        assert.equal(
          ofType('dirtyFlow').map((one) => (one as { dfid?: string }).dfid),
          moved,
          'exported marks',
        )
        assert.equal(
          ofType('request').map((one) => (one as { dfid?: string }).dfid),
          moved,
          'exported requests',
        )
        assert.equal(
          ofType('transition').map((one) => (one as { toStatus?: string }).toStatus),
          [...IDS, 'c', '0', 'A'],
          'exported transitions',
        )
      },
    },
    {
      id: 'insertion-order/holds-in-a-batch',
      title: 'what one batch writes to one list stands in the order of its calls, among what was there',
      clause: 'atomically: the writes of a batch take effect in the order recorded',
      capabilities: [...ALL, 'atomically'],
      asserts: 5,
      async run({ storage, assert }) {
        const { decisionAudit, saga, escalation, lifecycle } = storage
        await saga.markDirty('k', 'step', '{}')
        await saga.markDirty('x', 'step', '{}')
        await escalation.insertRequest(aRequest('k', 'agent'))
        await escalation.insertRequest(aRequest('x', 'agent'))
        await storage.atomically((batch) => {
          for (const id of IDS) {
            batch.saga.markDirty(id, id, '{}')
            batch.escalation.insertRequest(aRequest(id, 'agent'))
            batch.lifecycle.recordTransition('flow', null, id)
            batch.decisionAudit.record(id, `${id}1`)
            batch.decisionAudit.recordMany([
              { dfid: 'flow', event: `${id}2` },
              { dfid: id, event: `${id}3` },
            ])
          }
          batch.saga.markDirty('z', 'again', '{}')
          batch.escalation.insertRequest(aRequest('z', 'agent'))
        })
        const after = ['x', ...IDS.filter((id) => id !== 'z'), 'z']
        assert.equal(await saga.getDirtyFlows(), after, 'marks')
        const pending = (await escalation.getPendingRequests()).map(({ dfid }) => dfid)
        assert.equal(pending, after, 'requests')
        const moves = (await lifecycle.getTransitions('flow')).map(({ toStatus }) => toStatus)
        assert.equal(moves, IDS, 'transitions')
        assert.equal(await lifecycle.getCurrentStatus('flow'), IDS.at(-1), 'the current status')
        const events = (await decisionAudit.allEventsChronological()).map(({ event: name }) => name)
        assert.equal(
          events,
          IDS.flatMap((id) => [`${id}1`, `${id}2`, `${id}3`]),
          'events',
        )
      },
    },
  ],
)
