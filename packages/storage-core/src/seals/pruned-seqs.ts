import { PRUNED, SEALS_FLOW } from '../handle/prune-note.ts'
import { checkedRanges, seqsOf } from '../protocols/seq-ranges.ts'
import type { AuditLog } from './audit-log.ts'

/** One bit an event. */
const PAGE_BITS = 8_192

/** Which events were removed by `prune`, as it said in the same step; read when one is missed. */
export class PrunedSeqs {
  readonly #log: AuditLog
  readonly #pages = new Map<number, Uint8Array>()
  #readUntil = 0

  constructor(log: AuditLog) {
    this.#log = log
  }

  async has(seq: number): Promise<boolean> {
    return this.#knows(seq) || (await this.#readOn(), this.#knows(seq))
  }

  #knows(seq: number): boolean {
    const [page, bit] = placeOf(seq)
    return (((this.#pages.get(page)?.[bit >> 3] ?? 0) >> (bit & 7)) & 1) === 1
  }

  async #readOn(): Promise<void> {
    const filter = { dfid: SEALS_FLOW, event: PRUNED, afterSeq: this.#readUntil }
    for await (const { seq: own, details } of this.#log.events(filter)) {
      this.#readUntil = own
      for (const seq of seqsOf(checkedRanges(details?.['seqs'], own) ?? [])) this.#add(seq)
    }
  }

  #add(seq: number): void {
    const [page, bit] = placeOf(seq)
    const bits = this.#pages.get(page) ?? new Uint8Array(PAGE_BITS / 8)
    bits[bit >> 3] = (bits[bit >> 3] ?? 0) | (1 << (bit & 7))
    this.#pages.set(page, bits)
  }
}

const placeOf = (seq: number): [page: number, bit: number] => [Math.floor(seq / PAGE_BITS), seq % PAGE_BITS]
