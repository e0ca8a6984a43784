import type { Backend } from '@dir/storage-conformance'
import type { EventFilter, FlowFilter, RequestFilter, StorageHandle, StorageRecord } from '@dir/storage-core'
import { test } from 'vitest'
import { openBackend } from '../../conformance/src/open.ts'
import { SERVER_NAMES } from '../../scripts/servers/index.ts'
import { withServer } from '../../scripts/servers/live.ts'
import { expectQuick, firstPage, quickest } from './quickest.ts'
import { freshNamespace } from './store.ts'

// A list is read in pages, none of which takes longer in a larger store, however few requests or flows fit. Of what
// many fit, the smaller one has a whole page too.

const [FEW, MANY] = [1_000, 30_000]
const AT = '2026-03-01T10:00:00.000000Z'

const FILTERS: readonly RequestFilter[] = [
  {},
  { status: 'PENDING' },
  { status: 'PENDING', agentId: 'rare' },
  { agentId: 'rare' },
  { agentId: 'agent 1' },
  { agentId: 'rare', status: 'RESOLVED' },
  { olderThanSec: 0 },
]

/** Flows in one status, and two in another. */
const FLOW_FILTERS: readonly FlowFilter[] = [{}, { status: 'DONE' }, { status: 'STUCK' }, { status: 'NONE' }]

const EVENT_FILTERS: readonly EventFilter[] = [
  { agentId: 'rare' },
  { agentId: 'agent 1', newestFirst: true },
  { agentId: 'none' },
  { from: AT },
  { until: '2099-01-01', newestFirst: true },
  { from: '2026-03-01T10:00:00.000500Z', limit: 20 },
  { from: AT, dfid: 'flow 3' },
]

/**
 * Events a microsecond apart, of two agents and three of a third. As many decided requests of two agents, and at their
 * end two of a third, of which one is pending.
 */
function* records(count: number): Generator<StorageRecord> {
  for (let n = 0; n < count + 2; n++) {
    const timestamp = `2026-03-01T10:00:00.${String(n).padStart(6, '0')}Z`
    const agentId = n === 0 || n > count ? 'rare' : `agent ${n % 2}`
    const event = { event: 'E', stepId: '', state: '', detailsJson: '{}' }
    yield { type: 'event', ...event, seq: n + 1, dfid: `flow ${n}`, timestamp, agentId }
  }
  const texts = { reason: '', contextJson: '{}', proposalJson: '{}', impact: '' }
  const request = { type: 'request', ...texts, createdAt: AT } as const
  const decided = { status: 'RESOLVED', resolvedAt: AT, decision: 'x' } as const
  for (let n = 0; n < count; n++)
    yield { ...request, ...decided, dfid: `flow ${n}`, agentId: `agent ${n % 2}` }
  yield { ...request, ...decided, dfid: 'decided', agentId: 'rare' }
  const pending = { status: 'PENDING', resolvedAt: null, decision: null } as const
  yield { ...request, ...pending, dfid: 'pending', agentId: 'rare' }
  const moved = { type: 'transition', fromStatus: null, createdAt: AT } as const
  for (let n = 0; n < count; n++) yield { ...moved, dfid: `flow ${n}`, toStatus: 'DONE' }
  for (const dfid of ['one', 'other']) yield { ...moved, dfid, toStatus: 'STUCK' }
  yield { type: 'counters', seq: count + 2, fence: 0, records: 3 * count + 6 }
}

for (const name of SERVER_NAMES)
  withServer(name, () => {
    const title = 'a page of requests, flows or events takes no longer in a store of thirty times as many'
    test(title, { timeout: 300_000 }, async () => {
      const module = new URL(`../../packages/storage-${name}/test/backend.ts`, import.meta.url)
      const { default: backend } = (await import(module.href)) as { readonly default: Backend }
      const filled = async (namespace: string, count: number): Promise<StorageHandle> => {
        const storage = await openBackend(backend, namespace, { operationTimeoutMs: 60_000 })
        await storage.importRecords(records(count))
        return storage
      }
      const [one, other] = [freshNamespace(), freshNamespace()]
      try {
        await using small = await filled(one, FEW)
        await using large = await filled(other, MANY)
        const pages = [
          ...FILTERS.map((filter) => (on: StorageHandle) => on.escalation.listRequests(filter)),
          ...FLOW_FILTERS.map((filter) => (on: StorageHandle) => on.lifecycle.listFlows(filter)),
          ...EVENT_FILTERS.map((filter) => (on: StorageHandle) => on.decisionAudit.events(filter)),
        ]
        for (const [index, page] of pages.entries()) {
          const before = await quickest(() => firstPage(page(small)))
          await expectQuick(() => firstPage(page(large)), 4 * before + 3, `filter ${index}`)
        }
      } finally {
        for (const namespace of [one, other]) await backend.destroy(namespace)
      }
    })
  })
