import type { AuditEvent } from '../protocols/audit-events.ts'
import type { AuditDetails, DecisionAuditStorage } from '../protocols/decision-audit.ts'
import type { JsonObject } from '../protocols/claims.ts'
import type { IdempotencyStorage } from '../protocols/idempotency.ts'
import { ownEntries } from '../rules/objects.ts'
import { id } from '../rules/validate.ts'

/**
 * The audit log and the idempotent results behind one face, for code that was written against the original's.
 * Source: `AuditStore` in `dir_core.storage`.
 */
export class AuditStore {
  readonly #audit: DecisionAuditStorage
  readonly #idempotency: IdempotencyStorage

  constructor(decisionAudit: DecisionAuditStorage, idempotency: IdempotencyStorage) {
    this.#audit = decisionAudit
    this.#idempotency = idempotency
  }

  /** Appends an event. @returns its `seq`. */
  record(dfid: string, event: string, details?: AuditDetails): Promise<number> {
    return this.#audit.record(dfid, event, details)
  }

  /** The stored result, or null. */
  getIdempotentResult(key: string): Promise<JsonObject | null> {
    return this.#idempotency.get(key)
  }

  /**
   * Stores the result with `_dfid` added, over any other of that key. The caller's object stays as it is. To `prune` it is of
   * no flow, and goes by its age.
   */
  async saveIdempotentResult(key: string, dfid: string, result: JsonObject): Promise<void> {
    const given = Object.fromEntries(ownEntries('result', result)) as JsonObject
    await this.#idempotency.set(key, { ...given, _dfid: id('dfid', dfid) })
  }

  eventsForDfid(dfid: string): Promise<AuditEvent[]> {
    return this.#audit.eventsForDfid(dfid)
  }

  allEventsChronological(): Promise<AuditEvent[]> {
    return this.#audit.allEventsChronological()
  }

  /** Does nothing, as in the original: the handle is what is closed. */
  close(): Promise<void> {
    return Promise.resolve()
  }
}
