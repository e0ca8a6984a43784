import { dumpsJsonDict } from '../json/encode.ts'
import type { AuditEvent } from '../protocols/audit-events.ts'
import { CompactRange } from './compact-range.ts'
import type { AuditHead } from './head.ts'
import { EMPTY_ROOT, fromHex, isHex, toHex } from './merkle-tree.ts'
import type { Signer } from './seal-key.ts'

export const SEAL = 'SEAL'

/** What an event says that seals all events up to `lastSeq`. */
export interface SealDetails {
  readonly version: 1
  /** How many leaves the tree has. */
  readonly size: number
  /** The `seq` of its last leaf. */
  readonly lastSeq: number
  readonly root: string
  /** As a `CompactRange` has them, from which the next seal goes on. */
  readonly peaks: readonly string[]
  /** The digests of the events with its new leaves, which stand right before it. */
  readonly leaves: readonly string[]
  /** The `seq` of the seal that it goes on from; 0 for the first. Of several that go on from one, the first counts. */
  readonly previous: number
  readonly algorithm: string | null
  readonly signature: string | null
}

export interface Seal extends SealDetails {
  readonly seq: number
}

/** Before the first seal. */
export const NO_SEAL: Seal = {
  seq: 0,
  version: 1,
  size: 0,
  lastSeq: 0,
  root: toHex(EMPTY_ROOT),
  peaks: [],
  leaves: [],
  previous: 0,
  algorithm: null,
  signature: null,
}

export function sealDetails(
  previous: Seal,
  tree: CompactRange,
  lastSeq: number,
  leaves: readonly string[],
  signer: Signer | null,
): SealDetails {
  const unsigned = {
    version: 1,
    size: tree.size,
    lastSeq,
    root: toHex(tree.root),
    peaks: tree.peaks.map(toHex),
    leaves,
    previous: previous.seq,
    algorithm: signer?.algorithm ?? null,
  } as const
  return { ...unsigned, signature: signer?.sign(signedText(unsigned)) ?? null }
}

/** Everything that a seal says but its signature. */
function signedText(seal: Omit<SealDetails, 'signature'>): string {
  const { version, size, lastSeq, root, peaks, leaves, previous, algorithm } = seal
  const fields = [version, size, lastSeq, root, peaks, leaves, previous, algorithm]
  return JSON.stringify(['dir:audit-seal', fields])
}

export function isSignedBy(signer: Signer, seal: Seal): boolean {
  return (
    seal.signature !== null &&
    seal.algorithm === signer.algorithm &&
    signer.verify(signedText(seal), seal.signature)
  )
}

export function treeOf(seal: Seal): CompactRange {
  return new CompactRange(seal.size, seal.peaks.map(fromHex))
}

export function headOf({ seq, size, lastSeq, root }: Seal): AuditHead {
  return { seq, size, lastSeq, root }
}

/** Null for what `sealAudit` has not written. */
export function readSeal(event: AuditEvent): Seal | null {
  const { version, size, lastSeq, root, peaks, leaves, previous, algorithm, signature } = event.details ?? {}
  if (version !== 1 || !isNumber(size) || !isNumber(lastSeq) || !isNumber(previous)) return null
  if (!isHex(root) || !areHex(peaks) || !areHex(leaves)) return null
  if (!isTextOrNull(algorithm) || !isTextOrNull(signature)) return null
  const details: SealDetails = { version, size, lastSeq, root, peaks, leaves, previous, algorithm, signature }
  return dumpsJsonDict(details) === event.detailsJson ? { ...details, seq: event.seq } : null
}

/** Whether a seal's subtrees are those of its size and its root. */
export function isWhole(seal: Seal): boolean {
  const ones = seal.size.toString(2).replaceAll('0', '').length
  return seal.peaks.length === ones && toHex(treeOf(seal).root) === seal.root
}

const isNumber = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
const isTextOrNull = (value: unknown): value is string | null => value === null || typeof value === 'string'
const areHex = (value: unknown): value is string[] => Array.isArray(value) && value.every(isHex)
