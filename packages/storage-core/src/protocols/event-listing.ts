import { InternalError, InvalidArgumentError, isStorageError } from '../errors/index.ts'
import { checkedOptions } from '../rules/fields.ts'
import { type Numbers, parseListed } from '../rules/stored.ts'
import { abortSignal, count, flag, id, instant, sequence, text } from '../rules/validate.ts'
import type { AuditEvent, EventFilter, EventPageFilter, EventPlace, EventRow } from './audit-events.ts'
import { type Ask, findingFew, isEventBefore } from './events-by-time.ts'
import type { AnyRunner } from './protocol.ts'

type Listing = ReturnType<typeof checkFilter>

const PAGE = 500
/** Before and after every time. */
const FIRST: EventPlace = { timestamp: '0000-01-01T00:00:00.000000Z', seq: 0 }
const LAST: EventPlace = { timestamp: '9999-12-31T23:59:59.999999Z', seq: Number.MAX_SAFE_INTEGER }

function checkFilter(given: EventFilter | undefined) {
  const { follow, newestFirst, from, until, ...filter } = checkedOptions(given, {
    dfid: id,
    event: text,
    agentId: id,
    from: instant,
    until: instant,
    afterSeq: sequence,
    beforeSeq: sequence,
    newestFirst: flag,
    limit: count,
    follow: flag,
    signal: abortSignal,
  })
  if (follow === true && (newestFirst === true || filter.beforeSeq !== null))
    throw new InvalidArgumentError('follow', 'must not stand beside newestFirst or beforeSeq')
  const isByTime = from !== null || until !== null
  if (isByTime && (follow === true || filter.afterSeq !== null || filter.beforeSeq !== null))
    throw new InvalidArgumentError(
      from === null ? 'until' : 'from',
      'cannot be combined with follow, afterSeq or beforeSeq',
    )
  const between = isByTime
    ? {
        after: from === null ? FIRST : { timestamp: from, seq: 0 }, // no `seq` is 0
        before: until === null ? LAST : { timestamp: until, seq: 0 },
      }
    : null
  return { ...filter, between, follow: follow ?? false, newestFirst: newestFirst ?? false }
}

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
  { limit, signal, follow: _, ...from }: Listing,
  ask: Ask,
  numbers: Numbers,
): AsyncGenerator<AuditEvent> {
  let filter: Omit<EventPageFilter, 'limit'> = { ...from, afterSeq: from.afterSeq ?? 0 }
  const isOver = (): boolean => signal?.aborted === true
  const read = findingFew(ask)
  for (let left = limit ?? Infinity; left > 0 && !isOver();) {
    const rows = await unlessAborted(signal, read({ ...filter, limit: Math.min(left, PAGE) }))
    for (const row of rows) {
      if (isOver()) return
      yield toEvent(row, numbers)
    }
    const last = rows.at(-1)
    if (last === undefined) return
    left -= rows.length
    filter = goingOn(filter, last)
  }
}

/** What comes after the last one of a page. */
function goingOn(filter: Omit<EventPageFilter, 'limit'>, last: EventRow): typeof filter {
  const { newestFirst, between, afterSeq, beforeSeq } = filter
  const { seq, timestamp } = last
  if (between === null) {
    // an adapter that does not go on would be asked for ever
    if (newestFirst ? seq < (beforeSeq ?? Infinity) : seq > afterSeq)
      return { ...filter, ...(newestFirst ? { beforeSeq: seq } : { afterSeq: seq }) }
  } else if (timestamp !== null) {
    const place = { timestamp, seq }
    if (isEventBefore(between.after, place) && isEventBefore(place, between.before))
      return { ...filter, between: { ...between, ...(newestFirst ? { before: place } : { after: place }) } }
  }
  throw new InternalError('A page of events does not come after the one before it; please report it.')
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

function toEvent({ error, isUnplaced: _, ...row }: EventRow, numbers: Numbers): AuditEvent {
  const parsed = parseListed('decision_audit_events', 'detail_json', row.detailsJson, numbers)
  const trouble = error ?? parsed.error
  const details = parsed.value as AuditEvent['details']
  return trouble === undefined ? { ...row, details } : { ...row, details, error: trouble }
}
