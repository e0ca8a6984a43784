import { type AcquireRequest, type Grant, type Instant, type Micros, noRoom } from '@dir/storage-core'
import type { AnyBulkWriteOperation } from 'mongodb'
import type { MongoContext } from './mongo-context.ts'
import type { HoldDocument, LockVersionDocument } from './documents.ts'
import { plus } from './time.ts'

const USED_MS = 10 * 60_000

/** What a set of calls is about, and how many fences they may need. */
export interface Scope {
  readonly flows: readonly string[]
  readonly resources: readonly string[]
  readonly acquires: number
}

/**
 * The holds and totals that a transaction's calls are about, read at its start, changed in memory, written at its
 * end. Each resource that was judged is written, and each flow, so that two transactions on one of them conflict.
 */
export class LockBoard {
  readonly #now: Instant
  #fence: number
  /** By flow, then by resource. */
  readonly #holds = new Map<string, Map<string, HoldDocument>>()
  readonly #totals: ReadonlyMap<string, Micros>
  readonly #deltas = new Map<string, Micros>()
  readonly #flows = new Set<string>()
  readonly #writes = new Map<string, AnyBulkWriteOperation<HoldDocument>>()

  private constructor(now: Instant, firstFence: number, totals: ReadonlyMap<string, Micros>) {
    this.#now = now
    this.#fence = firstFence
    this.#totals = totals
  }

  static async load(context: MongoContext, { flows, resources, acquires }: Scope): Promise<LockBoard> {
    const now = await context.now()
    // raised outside the transaction, which has its snapshot by now: later than every fence that it can see
    const [{ holds, totals, unknown }, firstFence] = await Promise.all([
      readLocks(context, now, flows, resources),
      acquires === 0 ? 0 : raiseFence(context.outside, acquires),
    ])
    const board = new LockBoard(now, firstFence, totals)
    for (const [resourceId, micros] of unknown) board.#change(resourceId, micros)
    for (const hold of holds) {
      board.#ofFlow(hold._id.dfid).set(hold._id.resourceId, hold)
      if (hold.expiresAt !== null && hold.expiresAt <= now) board.#remove(hold)
    }
    return board
  }

  /** Throws for the first demand without room. */
  judge({ dfid, demands }: AcquireRequest): void {
    for (const demand of demands) {
      const own = this.#ofFlow(dfid).get(demand.resourceId)?.micros ?? 0
      const locked = this.#total(demand.resourceId) - own
      if (locked + demand.micros > demand.capacity) throw noRoom(demand, locked)
    }
  }

  acquire(request: AcquireRequest): Grant {
    this.judge(request)
    const { dfid, demands, leaseMicros } = request
    const fence = this.#fence++
    const expiresAt = leaseMicros === null ? null : plus(this.#now, leaseMicros)
    this.#flows.add(dfid)
    for (const { resourceId, micros } of demands) {
      const own = this.#ofFlow(dfid).get(resourceId)?.micros ?? 0
      this.#change(resourceId, micros - own)
      this.#put({ _id: { dfid, resourceId }, micros, acquiredAt: this.#now, expiresAt, fence })
    }
    return { fence, expiresAt }
  }

  release(dfid: string, fence: number | null): void {
    this.#flows.add(dfid)
    for (const hold of this.#ofFlow(dfid).values())
      if (fence === null || hold.fence <= fence) this.#remove(hold)
  }

  renew(dfid: string, leaseMicros: number, fence: number | null): boolean {
    const leased = [...this.#ofFlow(dfid).values()].filter(
      (hold) => hold.expiresAt !== null && (fence === null || hold.fence <= fence),
    )
    for (const hold of leased) this.#put({ ...hold, expiresAt: plus(this.#now, leaseMicros) })
    return leased.length > 0
  }

  async save(context: MongoContext): Promise<void> {
    const versions = [
      ...Array.from(this.#deltas, ([id, delta]) => raised('resource', id, delta)),
      ...Array.from(this.#flows, (id) => raised('flow', id, 0)),
    ]
    const unordered = (): object => ({ ...context.options, ordered: false })
    if (versions.length > 0) await context.collection('lock_versions').bulkWrite(versions, unordered())
    if (this.#writes.size > 0)
      await context.collection('resource_locks').bulkWrite([...this.#writes.values()], unordered())
  }

  #ofFlow(dfid: string): Map<string, HoldDocument> {
    const holds = this.#holds.get(dfid) ?? new Map<string, HoldDocument>()
    this.#holds.set(dfid, holds)
    return holds
  }

  #total(resourceId: string): Micros {
    return (this.#totals.get(resourceId) ?? 0) + (this.#deltas.get(resourceId) ?? 0)
  }

  #change(resourceId: string, delta: Micros): void {
    this.#deltas.set(resourceId, (this.#deltas.get(resourceId) ?? 0) + delta)
  }

  #put(hold: HoldDocument): void {
    const { _id, ...fields } = hold
    this.#ofFlow(_id.dfid).set(_id.resourceId, hold)
    this.#writes.set(keyOf(hold), {
      replaceOne: { filter: { _id: idOf(hold) }, replacement: fields, upsert: true },
    })
  }

  #remove(hold: HoldDocument): void {
    this.#change(hold._id.resourceId, -hold.micros)
    this.#ofFlow(hold._id.dfid).delete(hold._id.resourceId)
    this.#writes.set(keyOf(hold), { deleteOne: { filter: { _id: idOf(hold) } } })
  }
}

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
async function readLocks(
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
async function raiseFence(context: MongoContext, count: number): Promise<number> {
  const raised = await context
    .collection('meta')
    .findOneAndUpdate(
      { _id: 'fence' },
      { $inc: { value: count } },
      { ...context.options, upsert: true, returnDocument: 'after' },
    )
  return (raised?.value ?? count) - count + 1
}

/** The order of its members is part of an `_id`. */
const idOf = ({ _id }: HoldDocument): HoldDocument['_id'] => ({ dfid: _id.dfid, resourceId: _id.resourceId })

const keyOf = ({ _id }: HoldDocument): string => JSON.stringify([_id.dfid, _id.resourceId])
