import { InternalError, InvalidArgumentError, type StoredDataError, isStorageError } from '../errors/index.ts'
import { checkedOptions } from '../rules/fields.ts'
import type { EffectSignal } from '../rules/signal.ts'
import { type Numbers, parseListed } from '../rules/stored.ts'
import type { Instant } from '../rules/time.ts'
import { abortSignal, count, flag, id, sequence, text } from '../rules/validate.ts'
import type { AnyRunner } from './protocol.ts'

export interface AuditEvent {
  readonly seq: number
  readonly dfid: string
  readonly event: string
  readonly timestamp: Instant | null
  readonly stepId: string
  readonly state: string
  /** The parsed details; `{}` for none. */
  readonly details: Readonly<Record<string, unknown>> | null
  /** Their text as it is stored, also where it cannot be parsed; null where it is no text. */
  readonly detailsJson: string | null
  /** Only where a stored field cannot be read; that field is null. */
  readonly error?: StoredDataError
}

export interface EventFilter {
  readonly dfid?: string
  readonly event?: string
  /** Only events after this one; to go on after the last `seq` that was seen. */
  readonly afterSeq?: number
  /** Only events before this one; to go on where `newestFirst` has come to. */
  readonly beforeSeq?: number
  /** In falling order of `seq`: what happened last comes first. Default false. */
  readonly newestFirst?: boolean
  readonly limit?: number
  /**
   * At the end of the log, wait for what is appended and go on, for ever: until `limit` or `signal` ends it or the loop is
   * left, and with `ClosedError` where the handle closes. What is `retryable`, such as an outage, ends it only where nothing
   * could be read yet. Until its end it keeps the process running. Default false.
   */
  readonly follow?: boolean
  /**
   * Ends the iteration when it fires, also one that waits; nothing is thrown. An iterator's own `return()`, as with any async
   * generator, comes after the `next()` that is waited for.
   */
  readonly signal?: EffectSignal
}

export type EventRow = Omit<AuditEvent, 'details'>

export interface EventPageFilter {
  readonly dfid: string | null
  readonly event: string | null
  readonly afterSeq: number
  /** Null: of any number. */
  readonly beforeSeq: number | null
  readonly newestFirst: boolean
  /** At most this many; an adapter may answer with fewer, and answers with none only at the end. */
  readonly limit: number
}

type Listing = ReturnType<typeof checkFilter>

const PAGE = 500

function checkFilter(given: EventFilter | undefined) {
  const { follow, newestFirst, ...filter } = checkedOptions(given, {
    dfid: id,
    event: text,
    afterSeq: sequence,
    beforeSeq: sequence,
    newestFirst: flag,
    limit: count,
    follow: flag,
    signal: abortSignal,
  })
  if (follow === true && (newestFirst === true || filter.beforeSeq !== null))
    throw new InvalidArgumentError('follow', 'must not stand beside newestFirst or beforeSeq')
  return { ...filter, follow: follow ?? false, newestFirst: newestFirst ?? false }
}

type Ask = (page: EventPageFilter) => Promise<EventRow[]>

/** What of the log is asked for, page by page; `ask` answers one page. */
export async function* listEvents(
  run: Pick<AnyRunner, 'numbers' | 'changes'>,
  given: EventFilter | undefined,
  ask: Ask,
): AsyncGenerator<AuditEvent> {
  const listing = checkFilter(given)
  const { numbers } = run
  if (!listing.follow) return yield* pages(listing, ask, numbers)
  const { signal } = listing
  const isOver = (): boolean => signal?.aborted === true
  const changes = run.changes()
  signal?.addEventListener('abort', changes.wake)
  try {
    let { afterSeq } = listing
    let left = listing.limit ?? Infinity
    for (let hasRead = false; left > 0 && !isOver(); hasRead = true) {
      const change = changes.next() // before reading, so that nothing is missed in between
      try {
        for await (const event of pages({ ...listing, afterSeq, limit: left }, ask, numbers)) {
          hasRead = true
          yield event
          afterSeq = event.seq
          left--
        }
      } catch (error) {
        if (!hasRead || !isStorageError(error) || !error.retryable) throw error
      }
      if (left > 0 && !isOver()) await change
    }
  } finally {
    signal?.removeEventListener('abort', changes.wake)
    changes.stop()
  }
}

/** What is there when it gets there. */
async function* pages(
  { dfid, event, newestFirst, limit, signal, ...from }: Listing,
  ask: Ask,
  numbers: Numbers,
): AsyncGenerator<AuditEvent> {
  let { afterSeq, beforeSeq } = { ...from, afterSeq: from.afterSeq ?? 0 }
  const isOver = (): boolean => signal?.aborted === true
  for (let left = limit ?? Infinity; left > 0 && !isOver();) {
    const page = { dfid, event, afterSeq, beforeSeq, newestFirst, limit: Math.min(left, PAGE) }
    const rows = await unlessAborted(signal, ask(page))
    for (const row of rows) {
      if (isOver()) return
      yield toEvent(row, numbers)
    }
    const last = rows.at(-1)
    if (last === undefined) return
    left -= rows.length
    // an adapter that does not go on would be asked for ever
    if (newestFirst ? last.seq >= (beforeSeq ?? Infinity) : last.seq <= afterSeq)
      throw new InternalError('A page of events does not come after the one before it; please report it.')
    if (newestFirst) beforeSeq = last.seq
    else afterSeq = last.seq
  }
}

/** What is asked for, or nothing once the signal fires, whatever becomes of it then. */
function unlessAborted(signal: AbortSignal | null, asked: Promise<EventRow[]>): Promise<EventRow[]> {
  if (signal === null) return asked
  const { promise, resolve, reject } = Promise.withResolvers<EventRow[]>()
  const end = (): void => resolve([])
  signal.addEventListener('abort', end)
  void asked.then(resolve, reject).finally(() => signal.removeEventListener('abort', end))
  return promise
}

function toEvent({ error, ...row }: EventRow, numbers: Numbers): AuditEvent {
  const parsed = parseListed('decision_audit_events', 'detail_json', row.detailsJson, numbers)
  const trouble = error ?? parsed.error
  const details = parsed.value as AuditEvent['details']
  return trouble === undefined ? { ...row, details } : { ...row, details, error: trouble }
}
