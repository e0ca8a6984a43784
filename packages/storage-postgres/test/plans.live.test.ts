import type { EventFilter, StorageHandle, StorageRecord } from '@dir/storage-core'
import { test } from 'vitest'
import { withServer } from '../../../scripts/servers/live.ts'
import { expectQuick, quickest } from '../../../test/load/quickest.ts'
import { dropNamespace, postgresStorage } from '../src/index.ts'
import { newName, sql } from './databases.ts'

const EVENTS = 40_000

/** Half of them of one flow and one agent, the others of a thousand. */
function* records(): Generator<StorageRecord> {
  for (let n = 0; n < EVENTS; n++) {
    const [dfid, agentId] = n % 2 === 0 ? ['big', 'busy'] : [`flow ${n % 1_000}`, `agent ${n % 1_000}`]
    const timestamp = `2026-03-01T10:${String((n / 1_000) | 0).padStart(2, '0')}:00.${String(n % 1_000).padStart(6, '0')}Z`
    const event = { event: 'E', stepId: '', state: '', detailsJson: '{}' }
    yield { type: 'event', ...event, seq: n + 1, dfid, agentId, timestamp }
  }
  yield { type: 'counters', seq: EVENTS, fence: 0, records: EVENTS }
}

const few =
  ({ decisionAudit }: StorageHandle, filter: EventFilter) =>
  (): Promise<unknown> =>
    Array.fromAsync(decisionAudit.events({ ...filter, limit: 3 }))

withServer('postgres', (server) => {
  test(
    'a few events of a large flow or agent are found by time as quickly as by number',
    { timeout: 60_000 },
    async () => {
      const namespace = newName()
      try {
        await using storage = postgresStorage({ url: server, namespace })
        await storage.importRecords(records())
        await sql(server, `VACUUM ANALYZE "${namespace}".decision_audit_events`)
        const [from, until] = ['2026-03-01T10:20:00Z', '2026-03-01T10:30:00Z']
        for (const one of [{ dfid: 'big' }, { agentId: 'busy' }, { dfid: 'big', agentId: 'busy' }])
          for (const newestFirst of [false, true]) {
            const byNumber = await quickest(few(storage, { ...one, newestFirst }))
            for (const time of [{ from }, { until }, { from, until }])
              await expectQuick(
                few(storage, { ...one, ...time, newestFirst }),
                5 * byNumber + 2,
                JSON.stringify({ ...one, ...time }),
              )
          }
      } finally {
        await dropNamespace({ url: server, namespace })
      }
    },
  )
})
