import { type AuditProblem, problemAt } from './audit-report.ts'
import { CompactRange } from './compact-range.ts'
import type { EventCursor } from './event-cursor.ts'
import { leafOf } from './event-leaf.ts'
import type { AuditHead } from './head.ts'
import type { LeavesRecord } from './leaves-record.ts'
import { EMPTY_ROOT, toHex } from './merkle-tree.ts'

/** How events differ from the leaves that are kept of them. */
export interface Differences {
  /** The first that is another now, or stands where none was. */
  readonly changed: AuditProblem | null
  /** The first that said what a prune removed, and does not any more: others may be missing for that reason. */
  readonly note: AuditProblem | null
  /** Those that are gone. */
  readonly missing: readonly number[]
}

/** The tree as the events are now, or where one is gone, as its leaf was. */
export class RetracedTree {
  readonly #events: EventCursor
  readonly #head: AuditHead | null
  readonly #tree = new CompactRange()
  #rootAtHead: string | null = null
  #lastSeq = 0

  constructor(events: EventCursor, head: AuditHead | null) {
    this.#events = events
    this.#head = head
    if (head?.size === 0) this.#rootAtHead = toHex(EMPTY_ROOT)
  }

  get size(): number {
    return this.#tree.size
  }

  get root(): string {
    return toHex(this.#tree.root)
  }

  get peaks(): readonly string[] {
    return this.#tree.peaks.map(toHex)
  }

  get lastSeq(): number {
    return this.#lastSeq
  }

  /** Whether it has, or had, the head that was kept elsewhere; null where it has not come to that. */
  get hasHead(): boolean | null {
    return this.#rootAtHead === null ? null : this.#rootAtHead === this.#head?.root
  }

  /** Goes through the events of some leaves. */
  async follow(piece: LeavesRecord): Promise<Differences> {
    let changed: AuditProblem | null = null
    let note: AuditProblem | null = null
    const missing: number[] = []
    for (const { seq, hash, isNote } of piece.leaves()) {
      changed ??= await this.#inserted(seq - 1)
      const event = await this.#events.take(seq)
      const leaf = event === null ? hash : leafOf(event)
      this.#add(leaf, seq)
      if (event === null && !isNote) missing.push(seq)
      else if (event === null) note ??= problemAt(seq, 'removed')
      else if (!Buffer.from(hash).equals(leaf)) {
        changed ??= problemAt(seq, 'changed')
        if (isNote) note ??= problemAt(seq, 'changed')
      }
    }
    return { changed, note, missing }
  }

  /** Goes on to an event where no leaves are kept to compare. */
  async goOn(upTo: number): Promise<void> {
    for (let event = await this.#events.take(upTo); event !== null; event = await this.#events.take(upTo))
      this.#add(leafOf(event), event.seq)
  }

  async #inserted(upTo: number): Promise<AuditProblem | null> {
    const { next } = this.#events
    if (next === null || next.seq > upTo) return null
    await this.goOn(upTo)
    return problemAt(next.seq, 'inserted')
  }

  #add(leaf: Uint8Array, seq: number): void {
    this.#tree.add(leaf)
    this.#lastSeq = seq
    if (this.#tree.size === this.#head?.size) this.#rootAtHead = this.root
  }
}
