import type { Instant } from '@dir/storage-core'
import { type Micros, compareHolds } from '@dir/storage-core/adapter'
import { Sorted, firstFrom } from './sorted.ts'
import { Table } from './table.ts'

export interface StoredHold {
  readonly dfid: string
  readonly resourceId: string
  readonly micros: Micros
  readonly acquiredAt: Instant
  readonly expiresAt: Instant | null
  readonly fence: number
}

/** Where a hold stands among all. */
export type Place = Pick<StoredHold, 'fence' | 'dfid' | 'resourceId'>

interface Resource {
  /** Of all its holds; as bigint, because imported ones may come to more than a number holds exactly. */
  total: bigint
  readonly holds: Table<StoredHold>
}

/** The holds of a store, found by resource and by flow; what is held of a resource is a running total. */
export class Holds {
  /** Holds by flow. */
  readonly #resources = new Table<Resource>()
  /** Holds by resource. */
  readonly #flows = new Table<Map<string, StoredHold>>()
  /** Those with a lease, in the order of its end. */
  readonly #leases: StoredHold[] = []
  readonly #inOrder = new Sorted<StoredHold, Place>(compareHolds)

  get size(): number {
    return this.#flows.size
  }

  /** Removes what has expired at `time`. */
  expire(time: Instant): void {
    let expired = 0
    for (const hold of this.#leases) {
      if (endOf(hold) > time) break
      this.#forget(hold)
      expired++
    }
    this.#leases.splice(0, expired)
  }

  /** Over what the flow holds of the resource already. */
  put(hold: StoredHold): void {
    this.remove(this.#flows.get(hold.dfid)?.get(hold.resourceId))
    const resource = this.#resources.get(hold.resourceId) ?? { total: 0n, holds: new Table<StoredHold>() }
    resource.total += BigInt(hold.micros)
    this.#resources.set(hold.resourceId, resource)
    resource.holds.set(hold.dfid, hold)
    const flow = this.#flows.get(hold.dfid) ?? new Map<string, StoredHold>()
    flow.set(hold.resourceId, hold)
    this.#flows.set(hold.dfid, flow)
    this.#inOrder.add(hold)
    if (hold.expiresAt !== null) this.#leases.splice(this.#firstFrom(hold.expiresAt), 0, hold)
  }

  remove(hold: StoredHold | undefined): void {
    if (hold === undefined) return
    this.#forget(hold)
    if (hold.expiresAt === null) return
    this.#leases.splice(this.#leases.indexOf(hold, this.#firstFrom(hold.expiresAt)), 1)
  }

  locked(resourceId: string, excludeDfid: string | null): Micros {
    const resource = this.#resources.get(resourceId)
    if (resource === undefined) return 0
    const own = excludeDfid === null ? undefined : resource.holds.get(excludeDfid)
    return Number(resource.total - BigInt(own?.micros ?? 0))
  }

  /** Those of a flow, of a resource, of both, or (null) all. */
  *find(dfid: string | null, resourceId: string | null): Generator<StoredHold> {
    if (dfid !== null) {
      for (const hold of this.#flows.get(dfid)?.values() ?? [])
        if (resourceId === null || hold.resourceId === resourceId) yield hold
    } else if (resourceId !== null) yield* this.#resources.get(resourceId)?.holds.values() ?? []
    else for (const { holds } of this.#resources.values()) yield* holds.values()
  }

  /** At most `count` of those that come after a place (null: of all), by fence, flow and resource. */
  page(after: Place | null, count: number): readonly StoredHold[] {
    return this.#inOrder.after(after, count)
  }

  #firstFrom(end: Instant): number {
    return firstFrom(this.#leases, (one) => endOf(one) < end)
  }

  #forget(hold: StoredHold): void {
    const { dfid, resourceId, micros } = hold
    this.#inOrder.remove(hold)
    const [resource, flow] = [this.#resources.get(resourceId), this.#flows.get(dfid)]
    if (resource !== undefined) resource.total -= BigInt(micros)
    resource?.holds.delete(dfid)
    flow?.delete(resourceId)
    if (resource?.holds.size === 0) this.#resources.delete(resourceId)
    if (flow?.size === 0) this.#flows.delete(dfid)
  }
}

const endOf = ({ expiresAt }: StoredHold): Instant => expiresAt ?? ''
