import type { Instant } from '@dir/storage-core'
import type { Micros } from '@dir/storage-core/adapter'
import type { Document, Timestamp } from 'mongodb'
import {
  type Change,
  type Write,
  allOf,
  deleteOne,
  guarding,
  insertOne,
  merged,
  send,
  updateOne,
} from './change.ts'
import type { CollectionName, Documents, HoldDocument, LogName } from './documents.ts'
import { FlowRecords } from './flow-records.ts'
import { keyOf, mapOf } from './keyed.ts'
import type { MongoContext } from './mongo-context.ts'

/** A document before it has its number. */
export type Draft<N extends LogName> = Omit<Documents[N], '_id'>

/** The budget tokens of one agent from a moment on: so many microseconds before now, or an instant. See `budget.ts`. */
export interface Window {
  readonly agentId: string
  readonly from: number | Instant
  /** The number of the first token in it. */
  first: number | null
  unnumbered: number
}

/** Some documents of one collection that are loaded, and where they go in the state. */
export interface Part {
  readonly from: CollectionName
  readonly pipeline: readonly Document[]
  readonly take: (state: LoadedState, document: never) => void
}

/** Where a flow stands, and by which number of the log of transitions. */
export interface Standing {
  readonly status: string
  readonly number: number
}

export interface Clock {
  readonly now: Instant
  readonly clusterTime: Timestamp
}

interface Changed {
  readonly id: unknown
  /** Null: the document is removed. */
  change: Change | null
  /** Whether it is made where there is none. */
  readonly upsert: boolean
}

/**
 * What a commit's works are about, as it was when the commit began, and what becomes of it: operations judge on it and
 * change it, one after the other, and at the end the difference is written, one command a collection.
 */
export class LoadedState {
  /** The server's clock; only where some operation needs it. */
  readonly now: Instant
  /** Its logical clock, likewise. */
  readonly clusterTime: Timestamp | null
  /** By flow, then by resource. */
  readonly holds = new Map<string, Map<string, HoldDocument>>()
  /** Some expired holds are not loaded: these must be removed before an acquire can be judged. */
  hasMoreExpired = false
  /** The resources whose totals are loaded, or summed up where there are none. */
  readonly totals = new Set<string>()
  /** How the holds of a resource have changed its total. */
  readonly deltas = new Map<string, Micros>()
  /** The next fence to give out. */
  fence = 0
  readonly statuses = new Map<string, Standing>()
  readonly windows: Window[] = []
  /** Each agent's latest budget token. */
  readonly tokens = new Map<string, { readonly number: number; readonly createdAt: Instant }>()
  /** The highest number issued of each log. */
  readonly lasts: Map<LogName, number>
  /** What there is of flows that are to be pruned. */
  readonly records = new FlowRecords()
  readonly #documents = new Map<CollectionName, Map<string, object>>()
  readonly #changes = new Map<CollectionName, Map<string, Changed>>()
  readonly #inserts = new Map<CollectionName, object[]>()
  readonly #guarded = new Map<CollectionName, unknown[]>()
  /** Logs that nobody else may append to before the commit. */
  readonly #reserved = new Set<LogName>()

  constructor(lasts: ReadonlyMap<LogName, number>, clock?: Clock) {
    this.lasts = new Map(lasts)
    this.now = clock?.now ?? ''
    this.clusterTime = clock?.clusterTime ?? null
  }

  /** As it was loaded or, since then, changed. */
  get<C extends CollectionName>(name: C, id: Documents[C]['_id']): Documents[C] | null {
    return (this.#documents.get(name)?.get(keyOf(id)) as Documents[C] | undefined) ?? null
  }

  addHold(hold: HoldDocument): void {
    const { dfid, resourceId } = hold._id
    const holds = this.holds.get(dfid) ?? new Map<string, HoldDocument>()
    this.holds.set(dfid, holds.set(resourceId, hold))
  }

  add<C extends CollectionName>(name: C, document: Documents[C]): void {
    mapOf(this.#documents, name).set(keyOf(document._id), document)
  }

  /** Changes a document, or (with `upsert`) makes it. The order of the latest changes is the order in which they are written. */
  update<C extends CollectionName>(name: C, id: Documents[C]['_id'], change: Change, upsert = true): void {
    const key = keyOf(id)
    const documents = mapOf(this.#documents, name)
    const before = documents.get(key) ?? { _id: id, ...change.$setOnInsert }
    documents.set(key, { ...before, ...change.$set })
    const changes = mapOf(this.#changes, name)
    const earlier = changes.get(key)
    changes.delete(key)
    changes.set(key, {
      id,
      change: merged(earlier?.change ?? {}, change),
      upsert: upsert || earlier?.upsert === true,
    })
  }

  remove<C extends CollectionName>(name: C, id: Documents[C]['_id']): void {
    mapOf(this.#documents, name).delete(keyOf(id))
    mapOf(this.#changes, name).set(keyOf(id), { id, change: null, upsert: true })
  }

  insert<C extends CollectionName>(name: C, document: Documents[C]): void {
    const inserts = this.#inserts.get(name) ?? []
    this.#inserts.set(name, inserts)
    inserts.push(document)
  }

  /** Appends to a log. @returns the number. */
  append<N extends LogName>(name: N, draft: Draft<N>): number {
    const number = (this.lasts.get(name) ?? 0) + 1
    this.lasts.set(name, number)
    const document: object = { _id: number, ...draft }
    this.insert(name, document as Documents[N])
    return number
  }

  /** Nobody else may append to the log before the commit. */
  reserve(name: LogName): void {
    this.#reserved.add(name)
  }

  /** Nobody else may write this document, or make it where there is none, before the commit. */
  guard<C extends CollectionName>(name: C, id: Documents[C]['_id']): void {
    this.#guarded.set(name, [...(this.#guarded.get(name) ?? []), id])
  }

  /** How many documents are written. */
  get size(): number {
    const changes = [...this.#changes.values()].map(({ size }) => size)
    const others = [...this.#inserts.values(), ...this.#guarded.values()].map(({ length }) => length)
    return [...changes, ...others].reduce((sum, one) => sum + one, this.#reserved.size)
  }

  /** Writes the difference. The first write of a transaction that has read nothing begins it, before the others. */
  async save(context: MongoContext, hasBegun: boolean): Promise<void> {
    const all = [...this.#writes()]
    const write = ([name, writes]: readonly [CollectionName, readonly Write[]]): Promise<unknown> =>
      send(context.untyped(name), writes, context)
    if (!hasBegun) for (const first of all.splice(0, 1)) await write(first)
    await allOf(all.map(write))
  }

  /** By collection; those of one kind next to one another, because each run of one kind is a command of its own. */
  *#writes(): Generator<readonly [CollectionName, Write[]]> {
    for (const name of this.#reserved) {
      if (this.#inserts.has(name)) continue
      // a number that is taken and given back in one transaction stays free, but not before the commit
      const document = { _id: (this.lasts.get(name) ?? 0) + 1 }
      yield [name, [insertOne(document), deleteOne(document._id)]]
    }
    for (const [name, ids] of this.#guarded) yield [name, guarding(ids)]
    yield* this.records.writes()
    for (const name of new Set([...this.#changes.keys(), ...this.#inserts.keys()])) {
      const changes = [...(this.#changes.get(name)?.values() ?? [])]
      yield [
        name,
        [
          ...(this.#inserts.get(name) ?? []).map(insertOne),
          ...changes.flatMap(({ id, change, upsert }) =>
            change === null ? [] : [updateOne(id, change, upsert)],
          ),
          ...changes.flatMap(({ id, change }) => (change === null ? [deleteOne(id)] : [])),
        ],
      ]
    }
  }
}
