import type { StoredDataError } from '../errors/index.ts'
import type { EffectSignal } from '../rules/signal.ts'
import type { Instant } from '../rules/time.ts'

export interface AuditEvent {
  readonly seq: number
  readonly dfid: string
  readonly event: string
  readonly timestamp: Instant | null
  readonly stepId: string
  readonly state: string
  /** The agent that caused it; null where none was given. */
  readonly agentId: string | null
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
  /** Only events whose `agentId` this is. */
  readonly agentId?: string
  /** Only events of this moment or later. With it, or `until`, they come in the order of time, then of `seq`. */
  readonly from?: Instant
  /** Only events before this moment. */
  readonly until?: Instant
  /** Only events after this one; to go on after the last `seq` that was seen. */
  readonly afterSeq?: number
  /** Only events before this one; to go on where `newestFirst` has come to. */
  readonly beforeSeq?: number
  /** In falling order: what happened last comes first. Default false. */
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

export interface EventRow extends Omit<AuditEvent, 'details'> {
  /** It is not in the order of time, although it has a time that can be read: that is written in another form. */
  readonly isUnplaced?: boolean
}

/** Where an event stands in the order of time. */
export interface EventPlace {
  readonly timestamp: Instant
  readonly seq: number
}

export interface EventPageFilter {
  readonly dfid: string | null
  readonly event: string | null
  readonly agentId: string | null
  /**
   * Null: in the order of `seq`. Otherwise in the order of time, then of `seq`, and only events after one place and before
   * another; `afterSeq` is then 0, and `beforeSeq` null. What has no readable time is not among them. Where a flow or an
   * agent has few events, core asks for all of them in the order of `seq` instead, and sorts them.
   */
  readonly between: { readonly after: EventPlace; readonly before: EventPlace } | null
  readonly afterSeq: number
  /** Null: of any number. */
  readonly beforeSeq: number | null
  readonly newestFirst: boolean
  /** At most this many; an adapter may answer with fewer, and answers with none only at the end. */
  readonly limit: number
}
