import { protocol } from './protocol.ts'
import type { AuditEvent, EventFilter, EventPageFilter, EventRow } from './audit-events.ts'
import { listEvents } from './event-listing.ts'
import type { FlowPruning } from './pruning.ts'
import { InvalidArgumentError } from '../errors/index.ts'
import { type Exported, canonicalTime } from './record-rules.ts'
import type { Instant } from '../rules/time.ts'
import { jsonObject, record } from '../rules/objects.ts'
import { options } from '../rules/options.ts'
import { id, jsonText, optional, reading, sequence, text } from '../rules/validate.ts'

export interface AuditDetails {
  readonly stepId?: string
  readonly state?: string
  /** The agent that caused it; `events({ agentId })` finds it by that. */
  readonly agentId?: string
  /** A plain object, or null; encoded by `dumpsJsonDict`. */
  readonly details?: Readonly<Record<string, unknown>> | null
}

export interface AuditEventInput extends AuditDetails {
  readonly dfid: string
  readonly event: string
}

/**
 * What was decided and why, in an order that everybody sees alike. No event can be changed, or deleted but with all that is
 * known of its flow, by the handle's `prune`.
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
   * Goes through the events in the order of `seq`, page by page, up to what is there when it gets there; with `follow` it
   * waits there for more. `seq` rises in the order in which events become visible: going on after the last one seen misses
   * none. A follower is told of what is appended by the backend itself where that can (LISTEN, change streams, XREAD,
   * SQLite's data_version), and asks every 50 ms where it cannot. Inside a transaction of yours nobody can follow.
   *
   * With `from` or `until` it goes by time, then by `seq`. Clocks may step back, so the two orders may differ, and an event
   * that is recorded meanwhile with a time that was already passed is not seen.
   * @throws InvalidArgumentError for `follow` there, or beside `newestFirst` or `beforeSeq`; for `from` or `until` beside
   * `follow`, `afterSeq` or `beforeSeq`.
   */
  events(filter?: EventFilter): AsyncIterable<AuditEvent>
}

export interface NewEvent {
  readonly dfid: string
  readonly event: string
  readonly stepId: string
  readonly state: string
  readonly agentId: string | null
  readonly detailsJson: string
}

/** What an adapter reads. */
export interface DecisionAuditReads {
  eventsPage(filter: EventPageFilter): EventRow[]
}

/**
 * What an adapter judges and writes. `pruneFlow` asks whether all events of the flow are older than `before`, and none of
 * them is the last of the log (so that no `seq` comes back), and removes them.
 */
export interface DecisionAuditWrites extends FlowPruning {
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
  /** Missing where the event names none. */
  readonly agentId?: string
  readonly detailsJson: string
}

type Unchecked<T> = { readonly [K in keyof T]?: unknown }

const EVENT = ['dfid', 'event', 'stepId', 'state', 'agentId', 'details'] as const

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
      agentId: optional(id, 'agentId', details.agentId),
      detailsJson: jsonObject('details', details.details ?? {}, run.maxValueBytes),
    })

    const ask = (page: EventPageFilter): Promise<EventRow[]> =>
      page.dfid === null ? run.readAll('eventsPage', [], page) : run.read('eventsPage', [page.dfid], page)

    async function* events(given?: EventFilter): AsyncGenerator<AuditEvent> {
      run.needs('eventCursor')
      yield* listEvents(run, given, ask)
    }

    return {
      record(dfid, event, details) {
        const one = newEvent(dfid, event, options(details, ['stepId', 'state', 'agentId', 'details']))
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
      eventsForDfid: (dfid) => Array.fromAsync(listEvents(run, { dfid: id('dfid', dfid) }, ask)),
      allEventsChronological: () => Array.fromAsync(listEvents(run, undefined, ask)),
      events,
    }
  },
  iterables: ['events'],
  batch: ['record', 'recordMany'],
  hasInitSchema: true,
  prunes: { flow: 'nothing' },
  capabilities: { recordMany: 'recordMany', eventCursor: 'events' },
  records: {
    event: {
      seq: sequence,
      dfid: id,
      event: text,
      timestamp: canonicalTime,
      stepId: text,
      state: text,
      agentId: { optional: id },
      detailsJson: jsonText,
    },
  },
})
