import type { Collection } from 'mongodb'
import { newId } from './ids.ts'
import type { MongoContext } from './mongo-context.ts'
import type { EventDocument, LogDocument, TransitionDocument } from './documents.ts'

interface Logs {
  readonly decision_audit_events: EventDocument
  readonly lifecycle_transitions: TransitionDocument
}
export type LogName = keyof Logs

/** A document before it has its number. */
export type Draft<N extends LogName> = Omit<Logs[N], '_id'>

/**
 * An append-only collection whose `_id`s are dense. A record n + 1 is only ever inserted after n was seen, so readers
 * miss none; and because it can be inserted only once, whatever was read at n still holds when its insertion succeeds.
 */
export class DenseLog<N extends LogName> {
  readonly name: N
  #last: number | null = null

  constructor(name: N) {
    this.name = name
  }

  /** The highest number issued, as far as this process knows without asking. */
  async last(context: MongoContext): Promise<number> {
    this.#last ??= await this.#read(context.outside)
    return this.#last
  }

  /** Others have appended: the next `last` asks. */
  forget(): void {
    this.#last = null
  }

  /** Inserts after `last`, in order, until one cannot be; rejects then with the driver's error. */
  async insert(context: MongoContext, last: number, drafts: readonly Draft<N>[]): Promise<void> {
    const documents = drafts.map((draft, index) => ({ _id: last + 1 + index, ...draft }))
    const [first, second] = documents
    if (first === undefined) return
    // alone it is not worth the driver's preparations for many
    if (second === undefined) await this.#collection(context).insertOne(first, context.options)
    else await this.#collection(context).insertMany(documents, context.options)
    if (context.session === undefined) this.#last = last + drafts.length
    else this.forget()
  }

  /**
   * Appends inside a transaction, as its last step. Until the commit nobody else can append, which is all that
   * happens where there are no drafts. @returns the numbers.
   */
  async appendInside(
    context: MongoContext,
    drafts: readonly Draft<N>[],
    check: (outside: MongoContext) => Promise<void>,
  ): Promise<number[]> {
    this.forget()
    const last = await this.last(context)
    await check(context.outside)
    if (drafts.length > 0) await this.insert(context, last, drafts)
    else await this.#reserve(context, last + 1)
    this.forget()
    return drafts.map((_, index) => last + 1 + index)
  }

  /** Which of these are in the collection, for good: an answer that got lost is looked up. */
  async present(context: MongoContext, drafts: readonly Draft<N>[]): Promise<ReadonlyMap<string, number>> {
    const found = await this.#collection(context)
      .find(
        { eventId: { $in: drafts.map((draft) => draft.eventId) } },
        { ...context.options, projection: { _id: 1, eventId: 1 } },
      )
      .toArray()
    return new Map(found.map(({ _id, eventId }) => [eventId, _id]))
  }

  async #read(context: MongoContext): Promise<number> {
    const [[latest], floor] = await Promise.all([
      this.#collection(context)
        .find({}, { ...context.options, projection: { _id: 1 } })
        .sort({ _id: -1 })
        .limit(1)
        .toArray(),
      this.name === 'decision_audit_events'
        ? context.collection('meta').findOne({ _id: 'seq' }, context.options)
        : null,
    ])
    return Math.max(latest?._id ?? 0, floor?.value ?? 0)
  }

  /** Takes a number and gives it back in one transaction: it stays free, but not before the commit. */
  async #reserve(context: MongoContext, number: number): Promise<void> {
    await this.#collection(context).insertOne({ _id: number, eventId: newId() }, context.options)
    await this.#collection(context).deleteOne({ _id: number }, context.options)
  }

  #collection(context: MongoContext): Collection<LogDocument> {
    return context.collection(this.name) as unknown as Collection<LogDocument>
  }
}
