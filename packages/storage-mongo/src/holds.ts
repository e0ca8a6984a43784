import type { Micros } from '@dir/storage-core/adapter'
import type { HoldDocument, LockVersionDocument } from './documents.ts'
import type { Wanted } from './load.ts'
import type { LoadedState } from './loaded-state.ts'
import type { MongoContext } from './mongo-context.ts'
import { SERVER_NOW } from './time.ts'

const NAME = 'resource_locks'
const VERSIONS = 'lock_versions'
const USED_MS = 10 * 60_000

/** Holds that have not expired, on the server's clock; null sorts before every time there. */
export const LIVE = { $or: [{ expiresAt: null }, { $expr: { $gt: ['$expiresAt', SERVER_NOW] } }] }

export const isExpired = ({ now }: LoadedState, { expiresAt }: HoldDocument): boolean =>
  expiresAt !== null && expiresAt <= now

export const resource = (id: string) => ({ kind: 'resource', id }) as const
export const flow = (id: string) => ({ kind: 'flow', id }) as const

/** A change of a document of `lock_versions`, which conflicts with every other change of it. */
export function raised(inc: { readonly total?: Micros }, set: { readonly fence?: number } = {}) {
  // seldom another time, so that its index is seldom written
  const usedAt = new Date(Math.ceil(Date.now() / USED_MS) * USED_MS)
  return { $inc: { total: 0, ...inc, version: 1 }, $set: { ...set, usedAt } }
}

export function holdsOf(state: LoadedState, dfid: string): Map<string, HoldDocument> {
  const holds = state.holds.get(dfid) ?? new Map<string, HoldDocument>()
  state.holds.set(dfid, holds)
  return holds
}

export function changeTotal(state: LoadedState, resourceId: string, micros: Micros, fence?: number): void {
  const total = (state.deltas.get(resourceId) ?? 0) + micros
  state.deltas.set(resourceId, total)
  const change = raised({ total }, fence === undefined ? {} : { fence })
  // where a restore has left a total out, a part of it would count as the whole
  state.update(VERSIONS, resource(resourceId), change, state.totals.has(resourceId))
}

/** The order of its members is part of an `_id`. */
const idOf = ({ _id }: HoldDocument): HoldDocument['_id'] => ({ dfid: _id.dfid, resourceId: _id.resourceId })

export function put(state: LoadedState, hold: HoldDocument): void {
  const { _id, ...fields } = hold
  holdsOf(state, _id.dfid).set(_id.resourceId, hold)
  state.update(NAME, idOf(hold), { $set: fields })
}

export function remove(state: LoadedState, hold: HoldDocument): void {
  const { dfid, resourceId } = hold._id
  changeTotal(state, resourceId, -hold.micros)
  holdsOf(state, dfid).delete(resourceId)
  state.remove(NAME, idOf(hold))
}

/** What the other flows hold of it. */
export function lockedMicros(state: LoadedState, resourceId: string, dfid: string): Micros {
  const own = holdsOf(state, dfid).get(resourceId)?.micros ?? 0
  const stored = state.get(VERSIONS, resource(resourceId))?.total ?? 0
  return stored + (state.deltas.get(resourceId) ?? 0) - own
}

/** What else the locks of a commit need, once their state is loaded; `first`: the fences taken for it, from this one on, if any. */
export async function prepareLocks(
  context: MongoContext,
  wanted: Wanted,
  state: LoadedState,
  first: number | null,
): Promise<void> {
  const holds = [...state.holds.values()].flatMap((held) => [...held.values()])
  for (const id of wanted.resources) state.totals.add(id)
  const unknown = [...wanted.resources].filter((id) => state.get(VERSIONS, resource(id)) === null)
  for (const [id, sum] of await sumsOf(context, unknown)) changeTotal(state, id, sum)
  if (!wanted.leavesExpired) for (const hold of holds) if (isExpired(state, hold)) remove(state, hold)
  const named = [...(wanted.documents.get(VERSIONS)?.values() ?? [])] as LockVersionDocument['_id'][]
  const latest = Math.max(0, ...named.map((id) => state.get(VERSIONS, id)?.fence ?? 0))
  // those who were quicker have taken theirs later
  state.fence =
    first !== null && first > latest ? first : await takeFences(context.outside, wanted.fences, true)
}

/** What is held of each of these, whose totals a restore by collection has left out; almost always nothing. */
async function sumsOf(context: MongoContext, resources: readonly string[]): Promise<Map<string, Micros>> {
  if (resources.length === 0) return new Map()
  const sums = await context
    .collection(NAME)
    .aggregate<{ _id: string; sum: Micros }>(
      [
        { $match: { '_id.resourceId': { $in: [...resources] } } },
        { $group: { _id: '$_id.resourceId', sum: { $sum: '$micros' } } },
      ],
      context.options,
    )
    .toArray()
  return new Map(sums.map(({ _id, sum }) => [_id, sum]))
}

/**
 * Takes the next fences, outside the transaction. What is committed after it confirms it, so it need not wait for the
 * majority by itself. Without `upsert` nothing is made where a namespace may be gone. @returns the first of them; null:
 * none was ever taken.
 */
export async function takeFences(context: MongoContext, count: number): Promise<number | null>
export async function takeFences(context: MongoContext, count: number, upsert: true): Promise<number>
export async function takeFences(
  context: MongoContext,
  count: number,
  upsert = false,
): Promise<number | null> {
  if (count === 0) return 1
  const raisedBy = await context
    .collection('meta')
    .findOneAndUpdate(
      { _id: 'fence' },
      { $inc: { value: count } },
      { ...context.options, upsert, returnDocument: 'after', writeConcern: { w: 1 } },
    )
  if (raisedBy === null && !upsert) return null
  return (raisedBy?.value ?? count) - count + 1
}
