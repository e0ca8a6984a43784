import { type AcquireRequest, type Grant, type Instant, type Micros, noRoom } from '@dir/storage-core'
import type { AnyBulkWriteOperation } from 'mongodb'
import type { MongoContext } from './mongo-context.ts'
import type { HoldDocument } from './documents.ts'
import { raised, readLocks, takeFences } from './lock-rows.ts'
import { plus } from './time.ts'

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
      acquires === 0 ? 0 : takeFences(context.outside, acquires),
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

/** The order of its members is part of an `_id`. */
const idOf = ({ _id }: HoldDocument): HoldDocument['_id'] => ({ dfid: _id.dfid, resourceId: _id.resourceId })

const keyOf = ({ _id }: HoldDocument): string => JSON.stringify([_id.dfid, _id.resourceId])
