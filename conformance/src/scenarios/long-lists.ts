/* oxlint-disable unicorn/no-useless-spread -- rows keep the tables short */
import { PROTOCOLS, type StorageRecord } from '@dir/storage-core'
import { microsOf } from '@dir/storage-core/adapter'
import type { Scenario } from '../scenario.ts'
import { exported } from './filled.ts'
import { ALL, LONG_AGO, group, range } from './kit.ts'
import { agent, asked, event, hold, mark, move, plant, timeAt, token } from './plant.ts'

/** More than a page of any backend is likely to hold, and than what some databases give at once. */
const MANY = 1_130

/** Numbers as ids, in an order that is neither theirs nor that of their insertion. */
const shuffled = range(MANY).map((n) => `${(n * 37) % MANY}`)

/** Later ones have earlier times, so that nothing is in the order of its times. */
const earlier = (n: number): string => timeAt(MANY - n)

const RECORDS: readonly StorageRecord[] = shuffled.flatMap((id, n): StorageRecord[] => [
  agent(id),
  { type: 'session', id, dataJson: `${n}`, updatedAt: timeAt(n) },
  { type: 'state', id, dataJson: `${n}`, updatedAt: timeAt(n) },
  {
    ...{ type: 'idempotency', key: id, resultJson: `{"n": ${n}}`, requestHash: null },
    ...{ createdAt: timeAt(n), claimedAt: null },
  },
  event(n + 1, 'flow', { timestamp: earlier(n) }),
  mark(id, earlier(n)),
  hold('holder', id, 1),
  hold(id, 'shared', 2, { amount: 0.000_001, expiresAt: '2200-01-01T00:00:00.000000Z' }),
  { type: 'retryCount', dfid: id, count: n, updatedAt: timeAt(n) },
  token('agent', timeAt(n)),
  asked(id, earlier(n)),
  move('flow', id, earlier(n)),
])

const numbers = range(MANY).map((n) => n + 1)

export const scenarios: readonly Scenario[] = group(
  { level: 'atomic', protocols: PROTOCOLS, capabilities: [...ALL, 'leases'], needs: 'empty' },
  [
    {
      id: 'long-lists/are-whole-and-in-order',
      title: 'every list, sum and count covers more than a thousand records, each once and in its order',
      clause: 'lists have no limit but the one asked for; insertion order is not that of times',
      asserts: 20,
      async run({ storage, assert }) {
        const { agentRegistry, decisionAudit, saga, resourceLock, escalation, lifecycle } = storage
        await plant(storage, RECORDS)
        const sorted = shuffled.toSorted()
        assert.equal(await agentRegistry.listActiveAgents(), sorted, 'the active agents')
        const agents = await Array.fromAsync(agentRegistry.listAgents())
        assert.equal(
          agents.map(({ agentId }) => agentId),
          sorted,
          'all agents',
        )
        const seqs = (await decisionAudit.eventsForDfid('flow')).map(({ seq }) => seq)
        assert.equal(seqs, numbers, 'the events of a flow')
        const some = await Array.fromAsync(
          decisionAudit.events({ dfid: 'flow', afterSeq: 2, limit: MANY - 3 }),
        )
        assert.equal(
          some.map(({ seq }) => seq),
          numbers.slice(2, -1),
          'those after a number, up to a limit',
        )
        assert.equal(await saga.getDirtyFlows(), shuffled, 'the marked flows')
        const marks = await Array.fromAsync(saga.listDirtyFlows())
        assert.equal(
          marks.map(({ dfid }) => dfid),
          shuffled,
          'the marks',
        )
        const held = await resourceLock.getHolds()
        assert.equal(
          held.map(({ dfid, resourceId }) => [dfid, resourceId]),
          [...sorted.map((id) => ['holder', id]), ...sorted.map((id) => [id, 'shared'])],
          'all holds',
        )
        assert.equal(await Array.fromAsync(resourceLock.listHolds()), held, 'all holds, page by page')
        assert.equal((await resourceLock.getHolds({ dfid: 'holder' })).length, MANY, 'the holds of a flow')
        const shared = await resourceLock.getHolds({ resourceId: 'shared' })
        assert.equal(
          shared.map(({ dfid }) => dfid),
          sorted,
          'the holds of a resource',
        )
        assert.equal(await resourceLock.getLockedAmount('shared', null), MANY / 1e6, 'the locked amount')
        const acquire = (capacity: number) =>
          resourceLock.acquireBatch('new', { shared: 1 }, 0, { capacities: { shared: capacity } })
        const most = (1e6 + MANY) / 1e6
        await assert.rejects(
          () => acquire((1e6 + MANY - 1) / 1e6),
          'STORAGE_INSUFFICIENT_CAPACITY',
          'the room',
          {
            locked: MANY / 1e6,
          },
        )
        assert.equal(await acquire(most), true, 'room to the last millionth')
        assert.equal(await escalation.getWindowCount('agent', LONG_AGO), MANY, 'the tokens')
        const budget = { limit: MANY + 1, windowSec: 1e9 }
        assert.equal(
          await escalation.tryConsumeBudget('agent', budget),
          { granted: true, used: MANY + 1 },
          'the used budget',
        )
        const pending = await escalation.getPendingRequests()
        assert.equal(
          pending.map(({ dfid }) => dfid),
          shuffled,
          'the pending requests',
        )
        const requests = await Array.fromAsync(escalation.listRequests({ agentId: 'agent' }))
        assert.equal(
          requests.map(({ dfid }) => dfid),
          shuffled,
          'the requests of an agent',
        )
        const moves = (await lifecycle.getTransitions('flow')).map(({ toStatus }) => toStatus)
        assert.equal(moves, shuffled, 'the transitions of a flow')
        assert.equal(
          (await lifecycle.getTransitions()).map(({ toStatus }) => toStatus),
          shuffled,
          'all transitions',
        )
        assert.equal(await lifecycle.getCurrentStatus('flow'), shuffled.at(-1), 'the current status')
      },
    },
    {
      id: 'long-lists/are-exported-renewed-and-released-whole',
      title: 'an export, a renewal and a release cover more than a thousand records',
      clause: 'exportRecords: every record; release: all holds of the flow; renew: the live leased holds',
      asserts: 9,
      async run({ storage, open, freshNamespace, assert }) {
        const { resourceLock } = storage
        await plant(storage, RECORDS)
        const records = await exported(storage)
        const idOf = (one: object): string => JSON.stringify(one, Object.keys(one).toSorted())
        const texts = records.slice(0, -1).map(idOf)
        assert.equal(texts.toSorted(), RECORDS.map(idOf).toSorted(), 'every record, once')
        for (const type of ['event', 'dirtyFlow', 'request', 'transition'])
          assert.equal(
            records.filter((one) => one.type === type),
            RECORDS.filter((one) => one.type === type),
            `each ${type} in its place`,
          )
        const copy = await open({ namespace: freshNamespace() })
        await copy.importRecords(records)
        assert.equal(await exported(copy), records, 'the export of the copy')
        await resourceLock.release('holder')
        assert.equal(await resourceLock.getHolds({ dfid: 'holder' }), [], 'after the release')
        const names = range(1_000).map((n) => `leased ${n}`)
        const all = Object.fromEntries(names.map((name) => [name, 1]))
        await resourceLock.acquire('leased', all, 0, { leaseSec: 600 })
        await resourceLock.acquire('leased', { another: 1 }, 0, { leaseSec: 600 })
        assert.equal(await resourceLock.renew('leased', 60_000), true, 'renewed')
        const holds = await resourceLock.getHolds({ dfid: 'leased' })
        const left = holds.map(({ acquiredAt, expiresAt }) => {
          return microsOf(expiresAt ?? LONG_AGO) - microsOf(acquiredAt ?? LONG_AGO)
        })
        assert.equal(left.filter((micros) => micros >= 60_000e6).length, 1_001, 'how many have the new end')
      },
    },
  ],
)
