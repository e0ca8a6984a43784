import { hash } from 'node:crypto'
import { dumpsJsonDict } from '../json/encode.ts'
import type { AuditEvent } from '../protocols/audit-events.ts'
import { type SeqRanges, checkedRanges, seqsOf, toRanges } from '../protocols/seq-ranges.ts'
import { HASH_BYTES } from './merkle-tree.ts'

export const LEAVES = 'LEAVES'

export interface Leaf {
  readonly seq: number
  readonly hash: Uint8Array
  /** Whether its event says what a prune removed. */
  readonly isNote: boolean
}

/** An event that keeps the leaves of a stretch of the log. */
export interface LeavesRecord {
  readonly seq: number
  /** The index of its first leaf in the tree. */
  readonly from: number
  readonly count: number
  /** By which a seal knows it. */
  readonly digest: string
  leaves(): Iterable<Leaf>
  /** The place of an event among its leaves; -1 if it is not among them. */
  indexOf(seq: number): number
}

export const digestOf = (text: string): string => hash('sha256', text, 'hex')

export function leavesDetails(from: number, leaves: readonly Leaf[]) {
  const seqs = toRanges(leaves.map(({ seq }) => seq))
  const hashes = Buffer.concat(leaves.map((leaf) => leaf.hash)).toString('base64')
  const notes = toRanges(leaves.filter(({ isNote }) => isNote).map(({ seq }) => seq))
  return { from, hashes, notes, seqs }
}

/** Null for what no seal has written. */
export function readLeaves(event: AuditEvent): LeavesRecord | null {
  const { from, hashes, ...ranges } = event.details ?? {}
  const [seqs, notes] = [checkedRanges(ranges['seqs']), checkedRanges(ranges['notes'])]
  if (typeof from !== 'number' || typeof hashes !== 'string' || seqs === null || notes === null) return null
  if (dumpsJsonDict({ from, hashes, notes, seqs }) !== event.detailsJson) return null
  const bytes = Buffer.from(hashes, 'base64')
  const count = countOf(seqs)
  if (bytes.toString('base64') !== hashes || bytes.length !== count * HASH_BYTES) return null
  if (countOf(notes) > count) return null
  return {
    seq: event.seq,
    from,
    count,
    digest: digestOf(event.detailsJson),
    leaves: () => leavesOf(seqs, bytes, new Set(seqsOf(notes))),
    indexOf: (seq) => indexIn(seqs, seq),
  }
}

const countOf = (ranges: SeqRanges): number =>
  ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0)

function* leavesOf(seqs: SeqRanges, bytes: Buffer, notes: ReadonlySet<number>): Generator<Leaf> {
  let at = 0
  for (const seq of seqsOf(seqs)) {
    yield { seq, hash: bytes.subarray(at, at + HASH_BYTES), isNote: notes.has(seq) }
    at += HASH_BYTES
  }
}

function indexIn(seqs: SeqRanges, seq: number): number {
  let before = 0
  for (const [first, last] of seqs) {
    if (seq >= first && seq <= last) return before + seq - first
    before += last - first + 1
  }
  return -1
}
