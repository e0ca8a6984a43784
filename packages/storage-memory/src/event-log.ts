import { type EventPlace, type EventRow, isEventBefore } from '@dir/storage-core/adapter'
import { Log } from './log.ts'
import { firstFrom } from './sorted.ts'

/** In memory each event has a time. */
export type KeptEvent = EventRow & EventPlace

/** Events in the order of `seq`, found by flow and by agent, and in the order of time. */
export class EventLog extends Log<KeptEvent> {
  readonly #byAgent = new Map<string, KeptEvent[]>()
  #byTime: KeptEvent[] = []

  override add(row: KeptEvent): void {
    super.add(row)
    this.#byTime.splice(
      firstFrom(this.#byTime, (one) => isEventBefore(one, row)),
      0,
      row,
    )
    if (row.agentId === null) return
    const ofAgent = this.#byAgent.get(row.agentId)
    if (ofAgent === undefined) this.#byAgent.set(row.agentId, [row])
    else ofAgent.push(row)
  }

  /** In the order of `seq`, as `rows`. */
  ofAgent(agentId: string): readonly KeptEvent[] {
    return this.#byAgent.get(agentId) ?? []
  }

  /** In the order of time, as `rows`. */
  byTime(): readonly KeptEvent[] {
    return this.#byTime
  }

  protected override closeUp(): void {
    super.closeUp()
    this.#byTime = this.#byTime.filter((row) => this.has(row))
    for (const [agentId, rows] of this.#byAgent) {
      const left = rows.filter((row) => this.has(row))
      if (left.length === 0) this.#byAgent.delete(agentId)
      else this.#byAgent.set(agentId, left)
    }
  }
}
