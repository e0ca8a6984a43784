import type { Instant } from '@dir/storage-core'
import { type PrunedPage, flowPruning } from '@dir/storage-core/adapter'
import type { CollectionName, Documents } from './documents.ts'
import type { FlowRecords, RecordsName, Summary } from './flow-records.ts'
import type { Wanted } from './load.ts'
import type { LoadedState } from './loaded-state.ts'
import type { MongoContext } from './mongo-context.ts'
import { isOlder } from './time.ts'
import { needing } from './writing.ts'

/** How many documents a page looks at. */
export const PAGE = 500

/** `flowPruning`, with what it needs to have loaded. */
export function pruning(
  needs: (wanted: Wanted, dfid: string) => void,
  part: Parameters<typeof flowPruning<LoadedState>>[0],
) {
  return Object.assign(needing(needs, flowPruning({ ...part, now: ({ now }) => now })), {
    apart: 'prunes',
  } as const)
}

interface DocumentPart<D> {
  /** Whether it counts as a record of an export; default always. */
  readonly isRecord?: (document: D) => boolean
  /** Whether nobody may make it meanwhile, where there is none. */
  readonly guards?: boolean
}

/** Of the one document that a collection has of a flow at most. */
export function pruningDocument<C extends CollectionName>(
  name: C,
  isOver: (document: Documents[C], before: Instant) => boolean,
  { isRecord = () => true, guards = false }: DocumentPart<Documents[C]> = {},
) {
  const found = (state: LoadedState, dfid: string): Documents[C] | null => state.get(name, dfid)
  return pruning((wanted, dfid) => wanted.document(name, dfid), {
    isOver(state, dfid, before) {
      const document = found(state, dfid)
      return document === null || isOver(document, before)
    },
    count(state, dfid) {
      const document = found(state, dfid)
      return Number(document !== null && isRecord(document))
    },
    remove(state, dfid) {
      if (found(state, dfid) !== null) state.remove(name, dfid)
      else if (guards) state.guard(name, dfid)
    },
  })
}

/** Of the documents that a collection has of a flow, however many. */
export function pruningRecords(
  name: RecordsName,
  isOver: (found: Summary, before: Instant, records: FlowRecords, dfid: string) => boolean,
) {
  return pruning((wanted, dfid) => wanted.recordsOf(name, dfid), {
    isOver({ records }, dfid, before) {
      const found = records.get(name, dfid)
      return found === null || isOver(found, before, records, dfid)
    },
    count: ({ records }, dfid) => records.count(name, dfid),
    remove: ({ records, now }, dfid) => records.remove(name, dfid, now),
  })
}

/** What is old, as of `PagePruning`, by the server's clock. */
export function oldDocuments(before: Instant, keptMicros: number) {
  return { createdAt: { $lt: before }, $expr: isOlder('$createdAt', keptMicros) }
}

/** Looks at the documents after an `_id`, and removes those that are old. A document is judged and removed in one step. */
export async function prunePage(
  context: MongoContext,
  name: 'idempotency_cache' | 'escalation_budget',
  old: object,
  cursor: string | null,
  dryRun: boolean,
): Promise<PrunedPage> {
  const collection = context.untyped(name)
  const after = cursor === null ? {} : { _id: { $gt: cursor } }
  const found = collection.find(after as object, { ...context.options, projection: { _id: 1 } })
  const ids = (await found.sort({ _id: 1 }).limit(PAGE).toArray()).map(({ _id }) => String(_id))
  const [first, last] = [ids[0], ids.at(-1)]
  if (first === undefined || last === undefined) return { removed: 0, next: null }
  const filter = { ...old, _id: { $gte: first, $lte: last } } as object
  const options = { ...context.options, hint: { _id: 1 } }
  const removed = dryRun
    ? await collection.countDocuments(filter, options)
    : (await collection.deleteMany(filter, options)).deletedCount
  return { removed, next: ids.length === PAGE ? last : null }
}
