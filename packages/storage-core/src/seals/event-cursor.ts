import type { AuditEvent } from '../protocols/audit-events.ts'
import type { EffectSignal } from '../rules/signal.ts'
import type { AuditLog } from './audit-log.ts'

/** All events of a log, one after the other, with a look at the next one. */
export class EventCursor {
  readonly #events: AsyncIterator<AuditEvent>
  readonly #signal: EffectSignal | null
  #next: AuditEvent | null = null
  /** How many were taken. */
  taken = 0

  private constructor(log: AuditLog, signal: EffectSignal | null) {
    this.#events = log.events()[Symbol.asyncIterator]()
    this.#signal = signal
  }

  static async open(log: AuditLog, signal: EffectSignal | null): Promise<EventCursor> {
    const cursor = new EventCursor(log, signal)
    await cursor.#advance()
    return cursor
  }

  /** Null at the end. */
  get next(): AuditEvent | null {
    return this.#next
  }

  /** The next one, if its `seq` is not above this. */
  async take(upTo: number): Promise<AuditEvent | null> {
    const event = this.#next
    if (event === null || event.seq > upTo) return null
    this.taken++
    await this.#advance()
    return event
  }

  async close(): Promise<void> {
    await this.#events.return?.()
  }

  async #advance(): Promise<void> {
    this.#signal?.throwIfAborted()
    const { value, done } = await this.#events.next()
    this.#next = done === true ? null : value
  }
}
