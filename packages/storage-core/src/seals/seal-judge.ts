import type { AuditEvent } from '../protocols/audit-events.ts'
import { type AuditProblem, problemAt } from './audit-report.ts'
import { LEAVES, type LeavesRecord, readLeaves } from './leaves-record.ts'
import type { RetracedTree } from './retraced-tree.ts'
import type { Signer } from './seal-key.ts'
import { NO_SEAL, SEAL, type Seal, isSignedBy, readSeal } from './seal-record.ts'

/**
 * Judges the seals in their order. For each event there are three witnesses: the event itself, its leaf in a `LEAVES` event, and
 * the root in a `SEAL`; where one of them differs, the two that agree tell which.
 */
export class SealJudge {
  readonly #tree: RetracedTree
  readonly #signer: Signer | null
  /** The last seal that fits. */
  current = NO_SEAL
  /**
   * What is wrong with a seal, or with leaves, where the events are as they were sealed. The next seal covers those too, and
   * so tells better what became of them.
   */
  suspicion: AuditProblem | null = null
  /** Seals that others went on from, and those that came too late for that. */
  readonly #counted = new Set<number>()
  readonly #late = new Set<number>()
  #pieces: LeavesRecord[] = []

  constructor(tree: RetracedTree, signer: Signer | null) {
    this.#tree = tree
    this.#signer = signer
  }

  /** @returns what is wrong up to this event of the flow of the seals. */
  async take(event: AuditEvent): Promise<AuditProblem | null> {
    if (event.event === LEAVES) {
      const piece = readLeaves(event)
      if (piece !== null) this.#pieces.push(piece)
      return null
    }
    if (event.event !== SEAL) return null
    const seal = readSeal(event)
    if (seal === null) {
      this.suspicion ??= problemAt(event.seq, 'seal')
      return null
    }
    return (this.#isLate(seal) ? null : await this.#judge(seal)) ?? this.#signature(seal)
  }

  /** Whether another seal went on from the same one before. */
  #isLate(seal: Seal): boolean {
    if (seal.previous === this.current.seq || !this.#counted.has(seal.previous)) return false
    this.#late.add(seal.seq)
    return true
  }

  async #judge(seal: Seal): Promise<AuditProblem | null> {
    if (this.#late.has(seal.previous)) return problemAt(seal.previous, 'seal')
    const digests = seal.leaves.map((digest, index) => {
      const seq = seal.seq - seal.leaves.length + index
      return { seq, isFit: this.#pieces.some((piece) => piece.seq === seq && piece.digest === digest) }
    })
    const unfit = digests.find(({ isFit }) => !isFit)?.seq ?? null
    const isMissing = digests.some(({ seq }) => !this.#pieces.some((piece) => piece.seq === seq))
    const difference = await this.#follow(seal)

    const tree = this.#tree
    const isRoot = tree.size === seal.size && tree.root === seal.root
    if (!isRoot) {
      if (difference !== null && difference.piece !== unfit) return difference.problem
      return problemAt(unfit ?? seal.seq, unfit === null ? 'seal' : 'leaves')
    }
    if (difference !== null || isMissing)
      this.suspicion = problemAt(unfit ?? difference?.piece ?? seal.seq, 'leaves')
    else if (unfit !== null || !this.#isExact(seal)) return problemAt(seal.seq, 'seal')
    else this.suspicion = null
    this.#counted.add(this.current.seq)
    this.current = seal
    this.#pieces = []
    return null
  }

  /** Whether everything of a seal is right that its root says nothing of. */
  #isExact(seal: Seal): boolean {
    const { lastSeq, peaks } = this.#tree
    const goesOn = seal.previous === this.current.seq || this.suspicion !== null
    return goesOn && seal.lastSeq === lastSeq && seal.peaks.join() === peaks.join()
  }

  /** Goes through the events that a seal covers. @returns the first difference from their leaves, and where those are. */
  async #follow(seal: Seal): Promise<{ problem: AuditProblem; piece: number } | null> {
    const own = this.#pieces.filter(({ seq }) => seq >= seal.seq - seal.leaves.length)
    let size = this.#tree.size
    // where a seal in between is gone, its leaves may still be there
    const pieces = own[0]?.from === size ? own : this.#pieces
    let first: { problem: AuditProblem; piece: number } | null = null
    for (const piece of pieces) {
      if (piece.from !== size) continue
      const problem = await this.#tree.follow(piece)
      if (problem !== null) first ??= { problem, piece: piece.seq }
      size += piece.count
    }
    if (size !== seal.size) await this.#tree.goOn(seal.lastSeq)
    return first
  }

  #signature(seal: Seal): AuditProblem | null {
    if (this.#signer === null || isSignedBy(this.#signer, seal)) return null
    return problemAt(seal.seq, seal.signature === null ? 'unsigned' : 'signature')
  }
}
