import type { StorageHandle } from '@dir/storage-core'
import { type AuditHead, sealAudit } from '@dir/storage-core/seals'
import { event, move, plant, timeAt } from '../../conformance/src/scenarios/plant.ts'
import { OLD, prune } from '../../conformance/src/scenarios/prune-kit.ts'
import type { AuditRow } from './rows.ts'

export const KEY = 'a secret of the tests'

/** Fills a store with a log that was sealed and pruned several times; there are numbers that no event has. */
export async function fillSealed(storage: StorageHandle): Promise<AuditHead> {
  const planted = Array.from({ length: 60 }, (_, n) =>
    event(10 + 3 * n, `flow ${n % 7}`, {
      timestamp: timeAt(n),
      stepId: n % 2 === 0 ? '' : `step ${n}`,
      state: n % 3 === 0 ? '' : 'OPEN',
      detailsJson: n % 5 === 0 ? '{}' : JSON.stringify({ note: `of ${n}`, amount: n * 1.5 }),
      ...(n % 4 === 0 ? {} : { agentId: `agent ${n % 4}` }),
    }),
  )
  await plant(storage, [...planted, move('flow 3', 'DONE', OLD), move('flow 5', 'DONE', OLD)])
  const { decisionAudit } = storage
  await decisionAudit.record('flow 0', 'FIRST')
  await sealAudit(storage, { key: KEY })
  for (let n = 0; n < 40; n++)
    await decisionAudit.record(`flow ${n % 3}`, 'MORE', { agentId: 'agent', details: { n } })
  await prune(storage)
  await sealAudit(storage, { key: KEY })
  for (let n = 0; n < 20; n++) await decisionAudit.record(`flow ${n % 3}`, 'LAST', { details: { n } })
  const head = await sealAudit(storage, { key: KEY })
  await decisionAudit.recordMany([1, 2, 3].map((n) => ({ dfid: 'flow 1', event: 'AFTER', details: { n } })))
  return head
}

export async function rowsOf({ decisionAudit }: StorageHandle): Promise<AuditRow[]> {
  const events = await decisionAudit.allEventsChronological()
  return events.map(({ details: _, timestamp, detailsJson, ...row }) => {
    return { ...row, timestamp: timestamp ?? '', detailsJson: detailsJson ?? '' }
  })
}
