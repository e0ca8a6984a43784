import { PROTOCOLS, type StorageRecord } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { exported } from './filled.ts'
import { ALL, group } from './kit.ts'
import { agent, asked, event, hold, mark, move, plant, token } from './plant.ts'
import { aRequest } from './samples.ts'

/** At the edges of what a time can be, of 32 and 64 bits, and of a leap day, to the microsecond. */
const TIMES = [
  '0001-01-01T00:00:00.000001Z',
  '1677-09-21T00:12:43.145224Z',
  '1969-12-31T23:59:59.999999Z',
  '2024-02-29T23:59:59.999999Z',
  '2026-03-01T10:00:00.000000Z',
  '2026-03-01T10:00:00.000001Z',
  '2026-03-01T10:00:00.100000Z',
  '2038-01-19T03:14:08.000001Z',
  '2262-04-11T23:47:16.854776Z',
  '9999-12-31T23:59:59.999999Z',
]

/** Other moments, and other forms of the same ones, with how many of those are not before them. */
const SINCE: readonly (readonly [string, number])[] = [
  ['2026-03-01T10:00:00', 6],
  ['2026-03-01 10:00:00Z', 6],
  ['2026-03-01T10:00:00.0Z', 6],
  ['2026-03-01T09:59:59.999999Z', 6],
  ['2026-03-01T10:00:00.000002Z', 4],
  ['2026-03-01T10:00:00.1', 4],
  ['2026-03-01T10:00:00.100001Z', 3],
  ['2026-03-01T10:00:01Z', 3],
]

const recordsOf = (time: string, n: number): StorageRecord[] => [
  { ...agent(`${n}`), registeredAt: time, updatedAt: time },
  { type: 'session', id: `${n}`, dataJson: '1', updatedAt: time },
  { type: 'state', id: `${n}`, dataJson: '1', updatedAt: time },
  { type: 'idempotency', key: `${n}`, resultJson: '{}', requestHash: '', createdAt: time, claimedAt: null },
  event(n + 1, 'flow', { timestamp: time }),
  mark(`${n}`, time),
  hold(`${n}`, 'r', 1, { acquiredAt: time }),
  { type: 'retryCount', dfid: `${n}`, count: n, updatedAt: time },
  token('agent', time),
  { ...asked(`${n}`, time), status: 'RESOLVED', resolvedAt: time, decision: '' },
  move('flow', `${n}`, time),
]

export const scenarios: readonly Scenario[] = group(
  { level: 'atomic', protocols: PROTOCOLS, capabilities: ALL, needs: 'empty' },
  [
    {
      id: 'times/of-any-year-are-kept',
      title: 'times of any year are kept to the microsecond, compared, and shown as they are',
      clause: 'times are instants of microseconds, from year 1 to 9999',
      asserts: 6 + TIMES.length + SINCE.length,
      async run({ storage, assert }) {
        const { decisionAudit, escalation, lifecycle, resourceLock } = storage
        const records = TIMES.flatMap(recordsOf)
        await plant(storage, records)
        const texts = (list: readonly object[]): string[] =>
          list.map((one) => JSON.stringify(one, Object.keys(one).toSorted())).toSorted()
        assert.equal(texts((await exported(storage)).slice(0, -1)), texts(records), 'every record')
        const events = (await decisionAudit.eventsForDfid('flow')).map(({ timestamp }) => timestamp)
        assert.equal(events, TIMES, 'the times of events')
        const moves = (await lifecycle.getTransitions('flow')).map(({ createdAt }) => createdAt)
        assert.equal(moves, TIMES, 'the times of transitions')
        const holds = (await resourceLock.getHolds()).map(({ acquiredAt }) => acquiredAt)
        assert.equal(holds, TIMES, 'the times of holds')
        for (const [n, since] of TIMES.entries())
          assert.equal(
            await escalation.getWindowCount('agent', since),
            TIMES.length - n,
            `tokens since ${since}`,
          )
        for (const [since, count] of SINCE)
          assert.equal(await escalation.getWindowCount('agent', since), count, `tokens since ${since}`)
        for (const [n, resolvedAt] of TIMES.entries()) {
          await escalation.insertRequest(aRequest(`new ${n}`, 'agent'))
          await escalation.resolveRequest(`new ${n}`, resolvedAt, 'x', null)
        }
        const resolved = (await exported(storage)).flatMap((one) =>
          one.type === 'request' && one.dfid.startsWith('new') ? [one.resolvedAt] : [],
        )
        assert.equal(resolved, TIMES, 'the times of decisions')
        await escalation.insertRequest(aRequest('2', 'agent'))
        const [reopened] = await escalation.getPendingRequests()
        assert.ok((reopened?.createdAt ?? '') > '2020', 'a request opened again has a time of now')
      },
    },
  ],
)
