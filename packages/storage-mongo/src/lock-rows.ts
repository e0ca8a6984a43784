import type { Instant, Micros } from '@dir/storage-core'
import type { AnyBulkWriteOperation } from 'mongodb'
import type { HoldDocument, LockVersionDocument } from './documents.ts'
import type { MongoContext } from './mongo-context.ts'

const USED_MS = 10 * 60_000

/** One document of `lock_versions`, written so that it conflicts with every other writer of it. */
export function raised(
  kind: 'resource' | 'flow',
  id: string,
  delta: Micros,
): AnyBulkWriteOperation<LockVersionDocument> {
  // seldom another time, so that its index is seldom written
  const usedAt = new Date(Math.ceil(Date.now() / USED_MS) * USED_MS)
  const update = { $inc: { total: delta, version: 1 }, $set: { usedAt } }
  return { updateOne: { filter: { _id: { kind, id } }, update, upsert: true } }
}

interface Locks {
  readonly holds: readonly HoldDocument[]
  readonly totals: ReadonlyMap<string, Micros>
  /** The sums of holds whose resource has no total, as after a restore by collection. */
  readonly unknown: ReadonlyMap<string, Micros>
}

/** The flows' holds, the expired ones of the resources, and the resources' totals. */
export async function readLocks(
  context: MongoContext,
  now: Instant,
  flows: readonly string[],
  resources: readonly string[],
): Promise<Locks> {
  const own = { '_id.dfid': { $in: [...flows] } }
  const expired = {
    '_id.resourceId': { $in: [...resources] },
    '_id.dfid': { $nin: [...flows] },
    expiresAt: { $lte: now },
  }
  const holds = await context
    .collection('resource_locks')
    .find(resources.length === 0 ? own : { $or: [own, expired] }, context.options)
    .toArray()
  if (resources.length === 0) return { holds, totals: new Map(), unknown: new Map() }
  const named = resources.map((id) => ({ kind: 'resource', id }) as const)
  const totals = await context
    .collection('lock_versions')
    .find({ _id: { $in: named } }, { ...context.options, projection: { total: 1 } })
    .toArray()
  const known = new Map(totals.map(({ _id, total }) => [_id.id, total]))
  return {
    holds,
    totals: known,
    unknown: await sumsOf(
      context,
      resources.filter((id) => !known.has(id)),
    ),
  }
}

/** What is held of each of these; almost always nothing. */
async function sumsOf(context: MongoContext, resources: readonly string[]): Promise<Map<string, Micros>> {
  if (resources.length === 0) return new Map()
  const sums = await context
    .collection('resource_locks')
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

/** Takes the next `count` fences. @returns the first of them. */
export async function takeFences(context: MongoContext, count: number): Promise<number> {
  const raised = await context
    .collection('meta')
    .findOneAndUpdate(
      { _id: 'fence' },
      { $inc: { value: count } },
      { ...context.options, upsert: true, returnDocument: 'after' },
    )
  return (raised?.value ?? count) - count + 1
}
