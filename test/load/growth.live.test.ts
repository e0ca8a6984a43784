import type { Backend } from '@dir/storage-conformance'
import type { EventFilter, StorageHandle } from '@dir/storage-core'
import { test } from 'vitest'
import { openBackend } from '../../conformance/src/open.ts'
import { SERVER_NAMES } from '../../scripts/servers/index.ts'
import { withServer } from '../../scripts/servers/live.ts'
import { expectQuick, quickest } from './quickest.ts'
import { freshNamespace } from './store.ts'

// What finds a few takes no longer beside many others, also on a handle that has asked before they came: what a server has
// found out, for a small store, about how to find it may be wrong by then.

const MANY = 30_000
const AT_ONCE = 500
const FROM = '2026-03-01T00:00:00Z'

const EVENTS: readonly EventFilter[] = [
  { limit: 5, newestFirst: true },
  { agentId: 'rare' },
  { agentId: 'none' },
  { from: FROM, limit: 5 },
  { until: '2099-01-01', limit: 5, newestFirst: true },
  { dfid: 'flow', from: FROM },
  { dfid: 'flow', until: '2099-01-01', newestFirst: true },
  { agentId: 'rare', from: FROM },
  { agentId: 'rare', event: 'E', until: '2099-01-01', newestFirst: true },
]

const AGENT = { contractJson: '{}', priority: 0, status: 'ACTIVE', agentVersion: '1', sessionToken: '' }

const requestOf = (dfid: string, agentId: string) => {
  return { dfid, agentId, reason: '', contextJson: '{}', proposalJson: '{}', impact: '' }
}

/** Everything of one flow and one agent, by a name. */
async function add(storage: StorageHandle, flow: string, agentId: string, status: string): Promise<void> {
  await Promise.all([
    storage.agentRegistry.upsertAgent({ ...AGENT, agentId: `${agentId} of ${flow}` }),
    storage.context.setSession(flow, '{}'),
    storage.idempotency.claim(`${flow}:step`, { leaseSec: 600, dfid: flow }),
    storage.decisionAudit.record(flow, 'E', { agentId }),
    storage.escalation.insertRequest(requestOf(flow, agentId)),
    storage.escalation.recordBudgetToken(agentId),
    storage.intentRetry.increment(flow),
    storage.lifecycle.recordTransition(flow, null, status),
    storage.resourceLock.acquire(flow, { [agentId]: 1 }, 5),
    storage.saga.markDirty(flow, 'step', '{}'),
  ])
}

const reads = ({
  agentRegistry,
  context,
  idempotency,
  decisionAudit,
  escalation,
  intentRetry,
  lifecycle,
  resourceLock,
  saga,
}: StorageHandle): readonly (() => unknown)[] => [
  () => agentRegistry.getAgent('rare of flow'),
  () => agentRegistry.getStatus('rare of flow'),
  () => context.getSession('flow'),
  () => idempotency.getResultJson('flow:step'),
  ...EVENTS.map((filter) => () => Array.fromAsync(decisionAudit.events(filter))),
  () => decisionAudit.eventsForDfid('flow'),
  () => escalation.getRequest('flow'),
  () => escalation.getWindowCount('rare', FROM),
  () => intentRetry.getCount('flow'),
  () => lifecycle.getCurrentStatus('flow'),
  () => lifecycle.getTransitions('flow'),
  () => Array.fromAsync(lifecycle.listFlows({ status: 'STUCK' })),
  () => Array.fromAsync(lifecycle.listFlows({ status: 'NONE' })),
  () => resourceLock.getLockedAmount('rare', null),
  () => resourceLock.getHolds({ dfid: 'flow' }),
  () => saga.getDirtyState('flow'),
]

async function grown(module: string, slackMs: number): Promise<void> {
  const { default: backend } = (await import(module)) as { readonly default: Backend }
  const namespace = freshNamespace()
  try {
    await using storage = await openBackend(backend, namespace, { operationTimeoutMs: 60_000 })
    await add(storage, 'flow', 'rare', 'STUCK')
    const before: number[] = []
    for (const read of reads(storage)) before.push(await quickest(async () => read()))
    for (let n = 0; n < MANY; n += AT_ONCE)
      await Promise.all(
        Array.from({ length: AT_ONCE }, (_, one) =>
          add(storage, `flow ${n + one}`, `agent ${one % 2}`, 'DONE'),
        ),
      )
    for (const [index, read] of reads(storage).entries())
      await expectQuick(
        async () => read(),
        4 * (before[index] ?? 0) + slackMs,
        `read ${index}, ${String(read)},`,
      )
  } finally {
    await backend.destroy(namespace)
  }
}

const title = 'what finds a few takes no longer beside many others that came later'
const moduleOf = (name: string): string =>
  new URL(`../../packages/storage-${name}/test/backend.ts`, import.meta.url).href
test(`memory: ${title}`, { timeout: 300_000 }, () => grown(moduleOf('memory'), 0.2))
test(`sqlite: ${title}`, { timeout: 300_000 }, () => grown(moduleOf('sqlite'), 2))
for (const name of SERVER_NAMES)
  withServer(name, () => test(title, { timeout: 300_000 }, () => grown(moduleOf(name), 2)))
