import type { Instant } from '@dir/storage-core'
import type { PrunedPage } from '@dir/storage-core/adapter'
import type { LoadedState, Part, Window } from './loaded-state.ts'
import { newId } from './ids.ts'
import type { MongoContext } from './mongo-context.ts'
import { PAGE, oldDocuments, prunePage } from './prune.ts'
import { afterNow } from './time.ts'

// Each token has a number, the next after the agent's latest, and is not older than that one. So those from one moment on
// are counted by the numbers of the first and the latest of them, however many there are. Tokens that an older version of
// this package wrote, or an import, have no number, and are counted one by one.

const TOKENS = 'escalation_budget'
const AGENTS = 'escalation_agents'

const isNumbered = { number: { $gt: 0 } } as const

export function* partsOfWindow(window: Window): Generator<Part> {
  const { agentId, from } = window
  const $expr = { $gte: ['$createdAt', typeof from === 'number' ? afterNow(-from) : from] }
  yield {
    from: TOKENS,
    pipeline: [
      { $match: { agentId, ...isNumbered, $expr } },
      { $sort: { createdAt: 1, number: 1 } },
      { $limit: 1 },
      { $project: { _id: 0, number: 1 } },
    ],
    take: (_, { number }: { readonly number: number }) => void (window.first = number),
  }
  yield {
    from: TOKENS,
    pipeline: [{ $match: { agentId, number: null, $expr } }, { $count: 'count' }],
    take: (_, { count }: { readonly count: number }) => void (window.unnumbered = count),
  }
}

export function latestToken(agentId: string): Part {
  return {
    from: TOKENS,
    pipeline: [
      { $match: { agentId, ...isNumbered } },
      { $sort: { number: -1 } },
      { $limit: 1 },
      { $project: { _id: 0, number: 1, createdAt: 1 } },
    ],
    take: (state, latest: { readonly number: number; readonly createdAt: Instant }) =>
      void state.tokens.set(agentId, latest),
  }
}

/** How many tokens are in the window now. */
export function countOf({ tokens }: LoadedState, { agentId, first, unnumbered }: Window): number {
  const latest = tokens.get(agentId)?.number ?? 0
  return unnumbered + (first === null ? 0 : latest - first + 1)
}

export function addToken(state: LoadedState, agentId: string): void {
  const latest = state.tokens.get(agentId)
  const number = (latest?.number ?? 0) + 1
  const createdAt = latest === undefined || latest.createdAt < state.now ? state.now : latest.createdAt
  state.tokens.set(agentId, { number, createdAt })
  state.insert(TOKENS, { _id: newId(), agentId, createdAt, number })
  for (const window of state.windows) if (window.agentId === agentId) window.first ??= number
  // so that two commits that add a token of one agent conflict
  state.update(AGENTS, agentId, { $inc: { version: 1 } })
}

/**
 * The oldest first: what is left of an agent's has all the numbers from its first one on. While a page goes, in any order,
 * or where that was interrupted, those that are not old still do, and only windows that begin before them count too many.
 */
export async function pruneTokens(
  context: MongoContext,
  before: Instant,
  keptMicros: number,
  cursor: string | null,
  dryRun: boolean,
): Promise<PrunedPage> {
  const old = oldDocuments(before, keptMicros)
  if (dryRun) return prunePage(context, TOKENS, old, cursor, dryRun)
  const tokens = context.collection(TOKENS)
  const oldest = tokens.find(old, { ...context.options, projection: { _id: 1 } })
  const page = await oldest.sort({ createdAt: 1, number: 1 }).limit(PAGE).toArray()
  const ids = page.map(({ _id }) => _id)
  const { deletedCount } = await tokens.deleteMany({ _id: { $in: ids } }, context.options)
  return { removed: deletedCount, next: ids.length === PAGE ? String(Number(cursor) + 1) : null }
}
