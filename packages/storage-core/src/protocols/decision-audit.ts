import { protocol } from './protocol.ts'
import { InternalError, InvalidArgumentError, type StoredDataError } from '../errors/index.ts'
import { type Exported, canonicalTime } from './record-rules.ts'
import { parseListed } from '../rules/stored.ts'
import type { Instant } from '../rules/time.ts'
import { jsonObject, record } from '../rules/objects.ts'
import { checkedOptions } from '../rules/fields.ts'
import { options } from '../rules/options.ts'
import { count, id, jsonText, optional, reading, sequence, text } from '../rules/validate.ts'

export interface AuditDetails {
  readonly stepId?: string
  readonly state?: string
  /** A plain object, or null; encoded by `dumpsJsonDict`. */
  readonly details?: Readonly<Record<string, unknown>> | null
}

export interface AuditEventInput extends AuditDetails {
  readonly dfid: string
  readonly event: string
}

export interface AuditEvent {
  readonly seq: number
  readonly dfid: string
  readonly event: string
  readonly timestamp: Instant | null
  readonly stepId: string
  readonly state: string
  /** The parsed details; `{}` for none. */
  readonly details: Readonly<Record<string, unknown>> | null
  /** Only where a stored field cannot be read; that field is null. */
  readonly error?: StoredDataError
}

export interface EventFilter {
  readonly dfid?: string
  readonly event?: string
  /** Only events after this one; to go on after the last `seq` that was seen. */
  readonly afterSeq?: number
  readonly limit?: number
}

/**
 * What was decided and why, in an order that everybody sees alike. No event can be changed or deleted.
 * Source: `DecisionAuditStorage`.
 */
export interface DecisionAuditStorage {
  /** The same call as the handle's `init`. */
  initSchema(): Promise<void>
  /** Appends an event. @returns its `seq`. */
  record(dfid: string, event: string, details?: AuditDetails): Promise<number>
  /** Appends all events, next to one another, or none. @returns their `seq`s in the order given. */
  recordMany(events: readonly AuditEventInput[]): Promise<number[]>
  /** The flow's events in the order of `seq`. */
  eventsForDfid(dfid: string): Promise<AuditEvent[]>
  /** All events in the order of `seq`. For logs of any size: `events`. */
  allEventsChronological(): Promise<AuditEvent[]>
  /**
   * Goes through the events in the order of `seq`, page by page, up to what is there when it gets there.
   * `seq` rises in the order in which events become visible: going on after the last one seen misses none.
   */
  events(filter?: EventFilter): AsyncIterable<AuditEvent>
}

export interface EventRow extends Omit<AuditEvent, 'details'> {
  readonly detailsJson: string | null
}

export interface NewEvent {
  readonly dfid: string
  readonly event: string
  readonly stepId: string
  readonly state: string
  readonly detailsJson: string
}

export interface EventPageFilter {
  readonly dfid: string | null
  readonly event: string | null
  readonly afterSeq: number
  /** At most this many; an adapter may answer with fewer, and answers with none only at the end. */
  readonly limit: number
}

/** What an adapter reads. */
export interface DecisionAuditReads {
  eventsPage(filter: EventPageFilter): EventRow[]
}

/** What an adapter judges and writes. */
export interface DecisionAuditWrites {
  recordMany(events: readonly NewEvent[]): number[]
}

export interface EventExport extends Exported {
  readonly type: 'event'
  readonly seq: number
  readonly dfid: string
  readonly event: string
  readonly timestamp: Instant
  readonly stepId: string
  readonly state: string
  readonly detailsJson: string
}

type Unchecked<T> = { readonly [K in keyof T]?: unknown }

const PAGE = 500
const EVENT = ['dfid', 'event', 'stepId', 'state', 'details'] as const

export const decisionAudit = protocol<
  DecisionAuditStorage,
  DecisionAuditReads,
  DecisionAuditWrites,
  EventExport
>()({
  methods: (run) => {
    const newEvent = (dfid: unknown, event: unknown, details: Unchecked<AuditDetails>): NewEvent => ({
      dfid: id('dfid', dfid),
      event: text('event', event),
      stepId: optional(text, 'stepId', details.stepId) ?? '',
      state: optional(text, 'state', details.state) ?? '',
      detailsJson: jsonObject('details', details.details ?? {}, run.maxValueBytes),
    })

    async function* events(given?: EventFilter): AsyncGenerator<AuditEvent> {
      run.needs('eventCursor')
      yield* pages(given)
    }

    async function* pages(given?: EventFilter): AsyncGenerator<AuditEvent> {
      const filter = checkedOptions(given, { dfid: id, event: text, afterSeq: sequence, limit: count })
      const { dfid, event } = filter
      let afterSeq = filter.afterSeq ?? 0
      let left = filter.limit ?? Infinity
      while (left > 0) {
        const page = { dfid, event, afterSeq, limit: Math.min(left, PAGE) }
        const rows = await (dfid === null
          ? run.readAll('eventsPage', [], page)
          : run.read('eventsPage', [dfid], page))
        for (const row of rows) yield toEvent(row)
        left -= rows.length
        const last = rows.at(-1)
        if (last === undefined) return
        // an adapter that does not go on would be asked for ever
        if (last.seq <= afterSeq)
          throw new InternalError('A page of events does not come after the one before it; please report it.')
        afterSeq = last.seq
      }
    }

    return {
      record(dfid, event, details) {
        const one = newEvent(dfid, event, options(details, ['stepId', 'state', 'details']))
        return run.write('recordMany', [one.dfid], [one]).then(([seq]) => seq as number)
      },
      recordMany(given) {
        run.needs('recordMany')
        const rows = reading('events', (): NewEvent[] => {
          if (!Array.isArray(given)) throw new InvalidArgumentError('events', 'must be an array')
          // not the array's own map, which leaves out holes
          return Array.from(given, (item: unknown) => {
            const one = record('events', item, EVENT)
            return newEvent(one.dfid, one.event, one)
          })
        })
        if (rows.length === 0) return Promise.resolve([])
        const flows = rows.map((row) => row.dfid)
        return run.write('recordMany', flows, rows)
      },
      eventsForDfid: (dfid) => Array.fromAsync(pages({ dfid: id('dfid', dfid) })),
      allEventsChronological: () => Array.fromAsync(pages()),
      events,
    }
  },
  iterables: ['events'],
  batch: ['record', 'recordMany'],
  hasInitSchema: true,
  capabilities: { recordMany: 'recordMany', eventCursor: 'events' },
  records: {
    event: {
      seq: sequence,
      dfid: id,
      event: text,
      timestamp: canonicalTime,
      stepId: text,
      state: text,
      detailsJson: jsonText,
    },
  },
})

function toEvent({ detailsJson, error, ...row }: EventRow): AuditEvent {
  const parsed = parseListed('decision_audit_events', 'detail_json', detailsJson)
  const trouble = error ?? parsed.error
  const details = parsed.value as AuditEvent['details']
  return trouble === undefined ? { ...row, details } : { ...row, details, error: trouble }
}
