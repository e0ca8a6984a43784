import { CompactRange } from './compact-range.ts'
import { leafOf } from './event-leaf.ts'
import { type AuditProblem, problemAt } from './audit-report.ts'
import type { EventCursor } from './event-cursor.ts'
import type { AuditHead } from './head.ts'
import type { LeavesRecord } from './leaves-record.ts'
import { EMPTY_ROOT, toHex } from './merkle-tree.ts'
import type { PrunedSeqs } from './pruned-seqs.ts'

/** The tree as the events are now, beside the leaves that the log keeps. */
export class RetracedTree {
  readonly #events: EventCursor
  readonly #prunedSeqs: PrunedSeqs
  readonly #head: AuditHead | null
  readonly #tree = new CompactRange()
  #rootAtHead: string | null = null
  #lastSeq = 0
  pruned = 0

  constructor(events: EventCursor, prunedSeqs: PrunedSeqs, head: AuditHead | null) {
    this.#events = events
    this.#prunedSeqs = prunedSeqs
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

  /** Goes through the events of some leaves. @returns the first difference. */
  async follow(piece: LeavesRecord): Promise<AuditProblem | null> {
    let first: AuditProblem | null = null
    for (const { seq, hash } of piece.leaves()) {
      first ??= await this.#inserted(seq - 1)
      const event = await this.#events.take(seq)
      if (event !== null) {
        const leaf = leafOf(event)
        this.#add(leaf, seq)
        if (!Buffer.from(leaf).equals(hash)) first ??= problemAt(seq, 'changed')
      } else if (await this.#prunedSeqs.has(seq)) {
        this.#add(hash, seq)
        this.pruned++
      } else first ??= problemAt(seq, 'removed')
    }
    return first
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
