import type { AuditEvent } from '../protocols/audit-events.ts'
import { type AuditProblem, earlier, problemAt } from './audit-report.ts'
import { LEAVES, type LeavesRecord, readLeaves } from './leaves-record.ts'
import type { MissingEvents } from './missing-events.ts'
import type { Differences, RetracedTree } from './retraced-tree.ts'
import type { Signer } from './seal-key.ts'
import { NO_SEAL, SEAL, type Seal, isSignedBy, readSeal } from './seal-record.ts'

/** Differences, with the `seq` of the event that keeps the leaves from which the first one differs. */
interface Followed extends Differences {
  readonly piece: number | null
  /** Whether there are leaves of all that the seal covers. */
  readonly isComplete: boolean
}

/**
 * Judges the seals in their order. For each event there are three witnesses: the event itself, its leaf in a `LEAVES` event,
 * and the root in a `SEAL`; where one of them differs, the two that agree tell which.
 */
export class SealJudge {
  readonly #tree: RetracedTree
  readonly #missing: MissingEvents
  readonly #signer: Signer | null
  /** The last seal that fits. */
  current = NO_SEAL
  /** The first problem; nothing is judged after it. */
  problem: AuditProblem | null = null
  /** Whether it is with what a prune said: then it cannot be known what else is missing. */
  isNote = false
  /** What is wrong with a seal or with leaves, where the events are as they were. The next seal covers those, and tells better. */
  suspicion: AuditProblem | null = null
  /** Seals that others went on from. */
  readonly #counted = new Set<number>()
  /** Leaves since the last seal. */
  #pieces: LeavesRecord[] = []

  constructor(tree: RetracedTree, missing: MissingEvents, signer: Signer | null) {
    this.#tree = tree
    this.#missing = missing
    this.#signer = signer
  }

  /** Goes on to this event of the flow of the seals. */
  async take(event: AuditEvent): Promise<void> {
    if (event.event === LEAVES) {
      const piece = readLeaves(event)
      if (piece !== null) this.#pieces.push(piece)
    } else if (event.event === SEAL) {
      const seal = readSeal(event)
      if (seal === null) this.suspicion ??= problemAt(event.seq, 'seal')
      else {
        if (!this.#isLate(seal)) await this.#judge(seal)
        this.problem ??= this.#signature(seal)
      }
    }
  }

  /** Whether another seal went on from the same one before. */
  #isLate({ previous }: Seal): boolean {
    return previous !== this.current.seq && this.#counted.has(previous)
  }

  async #judge(seal: Seal): Promise<void> {
    const own = seal.leaves.map((digest, index) => {
      const seq = seal.seq - seal.leaves.length + index
      return { seq, digest, found: this.#pieces.find((piece) => piece.seq === seq)?.digest }
    })
    const unfit = own.find(({ digest, found }) => found !== digest)?.seq ?? null
    if (seal.previous >= seal.seq || seal.lastSeq >= seal.seq - own.length)
      return this.#end(problemAt(seal.seq, 'seal')) // it stood elsewhere

    const { changed, note, missing, piece, isComplete } = await this.#follow(seal)
    const { size, root, lastSeq } = this.#tree
    const isRoot = size === seal.size && root === seal.root
    if (!isRoot && unfit !== null && (changed === null || piece === unfit))
      return this.#end(problemAt(unfit, 'leaves'))
    for (const seq of missing) this.#missing.add(seq)
    if (note !== null) return this.#end(isRoot ? note : earlier(note, changed), true)
    if (!isRoot) return this.#end(changed ?? problemAt(seal.seq, 'seal'))

    if (this.suspicion !== null && this.suspicion.seq <= lastSeq) this.suspicion = null
    if (changed !== null || !isComplete) this.suspicion ??= problemAt(unfit ?? piece ?? seal.seq, 'leaves')
    else if (unfit !== null || seal.lastSeq !== lastSeq || seal.peaks.join() !== this.#tree.peaks.join())
      return this.#end(problemAt(seal.seq, 'seal'))
    if (seal.previous !== this.current.seq) this.suspicion ??= problemAt(seal.seq, 'seal')
    this.#counted.add(this.current.seq)
    this.current = seal
    this.#pieces = []
  }

  #end(problem: AuditProblem, isNote = false): void {
    this.problem = problem
    this.isNote = isNote
  }

  /** Goes through the events that a seal covers. */
  async #follow(seal: Seal): Promise<Followed> {
    const own = this.#pieces.filter(({ seq }) => seq >= seal.seq - seal.leaves.length)
    let size = this.#tree.size
    // where a seal in between is gone, its leaves may still be there
    const pieces = own[0]?.from === size ? own : this.#pieces
    const missing: number[] = []
    let all: Omit<Followed, 'isComplete'> = { changed: null, note: null, missing, piece: null }
    for (const piece of pieces) {
      if (piece.from !== size) continue
      const found = await this.#tree.follow(piece)
      missing.push(...found.missing)
      all = {
        changed: all.changed ?? found.changed,
        note: all.note ?? found.note,
        missing,
        piece: all.piece ?? (found.changed === null ? null : piece.seq),
      }
      size += piece.count
    }
    if (size !== seal.size) await this.#tree.goOn(seal.lastSeq)
    return { ...all, isComplete: size === seal.size }
  }

  #signature(seal: Seal): AuditProblem | null {
    if (this.#signer === null || isSignedBy(this.#signer, seal)) return null
    return problemAt(seal.seq, seal.signature === null ? 'unsigned' : 'signature')
  }
}
