import { StoredDataError } from '../errors/index.ts'
import { SEALS_FLOW } from '../handle/prune-note.ts'
import type { AuditLog } from './audit-log.ts'
import { type LeavesRecord, LEAVES, readLeaves } from './leaves-record.ts'
import { NO_SEAL, SEAL, type Seal, readSeal } from './seal-record.ts'

/** The last seal that counts; null where there is none yet. */
export async function lastSeal(log: AuditLog): Promise<Seal | null> {
  for await (const event of log.events({ dfid: SEALS_FLOW, event: SEAL, newestFirst: true })) {
    const seal = readSeal(event)
    if (seal === null)
      throw new StoredDataError(
        'decision_audit_events',
        'detail_json',
        `(seq ${event.seq}) is no seal that this version can read; see what verifyAudit() says, and put it right`,
      )
    if ((await sealAfter(log, seal.previous))?.seq === seal.seq) return seal
  }
  return null
}

/** Of the seals that go on from the one with this `seq`, the first, which counts; null where there is none. */
export async function sealAfter(log: AuditLog, previous: number): Promise<Seal | null> {
  for await (const event of log.events({ dfid: SEALS_FLOW, event: SEAL, afterSeq: previous })) {
    const seal = readSeal(event)
    if (seal?.previous === previous) return seal
  }
  return null
}

/** The leaves that the log keeps, by the seals that count, up to a size. */
export async function* keptLeaves(log: AuditLog, size: number): AsyncGenerator<LeavesRecord> {
  let current = NO_SEAL
  let pieces: LeavesRecord[] = []
  for await (const event of log.events({ dfid: SEALS_FLOW })) {
    if (current.size >= size) return
    if (event.event === LEAVES) {
      const piece = readLeaves(event)
      if (piece !== null) pieces.push(piece)
      continue
    }
    const seal = event.event === SEAL ? readSeal(event) : null
    if (seal === null) continue
    if (seal.previous === current.seq) {
      yield* pieces.filter((piece) => piece.seq >= seal.seq - seal.leaves.length)
      current = seal
    }
    pieces = []
  }
}
