import type { StorageHandle } from '@dir/storage-core'
import { type Comparison, compare } from './compare.ts'
import type { Act } from './workloads.ts'

const MILLISECONDS = 300
const FROM = '2020-01-01T00:00:00Z'

/** Holders of a resource, and as many tokens in a window; events of others; flows in another status. */
const SMALL = { holders: 10, events: 0, flows: 0 }
const LARGE = { holders: 10_000, events: 1_000_000, flows: 100_000 }

/** How many events are written in one call, and how many calls are made at once: a handle keeps only so many waiting. */
const PORTION = 1_000

async function times(count: number, act: (index: number) => Promise<unknown>): Promise<void> {
  for (let start = 0; start < count; start += PORTION)
    await Promise.all(
      Array.from({ length: Math.min(PORTION, count - start) }, (_, index) => act(start + index)),
    )
}

const moved =
  ({ lifecycle }: StorageHandle, status: string) =>
  (n: number): Promise<void> =>
    lifecycle.recordTransition(`${status}-${n}`, null, status)

const acquire = (storage: StorageHandle, flow: string): Promise<unknown> =>
  storage.resourceLock.acquire(flow, { r: 1 }, 5, { capacities: { r: 1e8 } })

const calls = (storage: StorageHandle): Readonly<Record<string, Act>> => ({
  'acquire and release, beside other holders': async (_, caller) => {
    await acquire(storage, `flow-${caller}`)
    await storage.resourceLock.release(`flow-${caller}`)
  },
  'getLockedAmount, beside other holders': () => storage.resourceLock.getLockedAmount('r', null),
  'tryConsumeBudget, with tokens in the window': () =>
    storage.escalation.tryConsumeBudget('agent', { limit: 5, windowSec: 3600 }),
  'getWindowCount, with tokens in the window': () => storage.escalation.getWindowCount('agent', FROM),
})

const lists = ({ decisionAudit, lifecycle }: StorageHandle): Readonly<Record<string, Act>> => ({
  'eventsForDfid of one event': () => decisionAudit.eventsForDfid('short'),
  'events of an agent with one': () => Array.fromAsync(decisionAudit.events({ agentId: 'rare' })),
  'events since a moment of a flow with one': () =>
    Array.fromAsync(decisionAudit.events({ dfid: 'short', from: FROM })),
  'the first event since a moment': () => Array.fromAsync(decisionAudit.events({ from: FROM, limit: 1 })),
  'listFlows of ten in a status': () => Array.fromAsync(lifecycle.listFlows({ status: 'STUCK' })),
})

async function fill(storage: StorageHandle, { holders, events, flows }: typeof SMALL): Promise<void> {
  const { decisionAudit, escalation } = storage
  await decisionAudit.record('short', 'E', { agentId: 'rare' })
  await times(10, moved(storage, 'STUCK'))
  // asked for before the others come: what a server finds out about a small store may not hold for a large one
  for (const list of Object.values(lists(storage))) for (let n = 0; n < 10; n++) await list(n, 0)
  await times(holders, (n) => acquire(storage, `holder-${n}`))
  await times(holders, () => escalation.recordBudgetToken('agent'))
  const portion = Array.from({ length: PORTION }, (_, n) => {
    return { dfid: `flow-${n}`, event: 'E', agentId: `agent-${n % 7}` }
  })
  for (let left = events; left > 0; left -= PORTION) await decisionAudit.recordMany(portion)
  await times(flows, moved(storage, 'DONE'))
}

/** What a call costs in a small store and in a large one of the same server, in turn. */
export async function growth(
  small: StorageHandle,
  large: StorageHandle,
  rounds: number,
  print: (what: string, found: Comparison) => void,
): Promise<void> {
  await fill(small, SMALL)
  await fill(large, LARGE)
  for (const [acts, allCallers] of [
    [calls, [1, 16]],
    [lists, [1]],
  ] as const) {
    const [few, many] = [acts(small), acts(large)]
    for (const what of Object.keys(few))
      for (const callers of allCallers)
        print(
          `${what}, ${callers} at once`,
          await compare(few[what] as Act, many[what] as Act, callers, { rounds, milliseconds: MILLISECONDS }),
        )
  }
}
