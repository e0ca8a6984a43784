import { ConflictError, StoredDataError } from '../errors/index.ts'
import { checkedOptions } from '../rules/fields.ts'
import { refuse, sequence } from '../rules/validate.ts'
import { type AuditLog, type WithAudit, auditLog } from './audit-log.ts'
import { CompactRange } from './compact-range.ts'
import { consistencyRanges } from './consistency-proof.ts'
import { type AuditHead, auditHead } from './head.ts'
import { inclusionRanges } from './inclusion-proof.ts'
import { type LeafRange, toHex } from './merkle-tree.ts'
import type { ConsistencyProof, InclusionProof } from './proof.ts'
import { keptLeaves, lastSeal } from './seal-chain.ts'

export interface ProveOptions {
  /** Of which head it is to be shown; default the last one. A number is its size. */
  readonly head?: AuditHead | number
}

/**
 * Proves that an event is in the log that a head stands for, also one that was pruned since. It reads the leaves that the log
 * keeps, some 45 bytes an event, and none of the events.
 * @returns plain JSON, to be checked by `checkProof` with the head and the event: 32 bytes for each doubling of the log.
 * @throws ConflictError where no seal covers the event, or the head is larger than the log's last one.
 */
export async function proveEvent(
  storage: WithAudit,
  seq: number,
  options?: ProveOptions,
): Promise<InclusionProof> {
  const log = auditLog('storage', storage)
  sequence('seq', seq)
  const { head } = checkedOptions(options, { head: sizeOf })
  const size = await sealedSize(log, head)
  const index = await indexOf(log, seq, size)
  const path = await hashRanges(log, inclusionRanges(index, size), size)
  return { type: 'inclusion', seq, index, size, path }
}

/**
 * Proves that the log of one head is the beginning of that of a later one: nothing in it was changed in between.
 * `from` and `to` are heads or their sizes; to be checked by `checkProof` with both heads.
 * @throws ConflictError where `to` is larger than the log's last head.
 */
export async function proveConsistency(
  storage: WithAudit,
  from: AuditHead | number,
  to: AuditHead | number,
): Promise<ConsistencyProof> {
  const log = auditLog('storage', storage)
  const [first, second] = [sizeOf('from', from), sizeOf('to', to)]
  if (first > second) refuse('from', 'must not be larger than to')
  const size = await sealedSize(log, second)
  const path = await hashRanges(log, consistencyRanges(first, size), size)
  return { type: 'consistency', from: first, to: size, path }
}

function sizeOf(argument: string, value: unknown): number {
  return typeof value === 'number' ? sequence(argument, value) : auditHead(argument, value).size
}

async function sealedSize(log: AuditLog, asked: number | null): Promise<number> {
  const sealed = (await lastSeal(log))?.size ?? 0
  if (asked !== null && asked > sealed)
    throw new ConflictError(`The log has ${sealed} sealed events, and not ${asked}. Call sealAudit first.`)
  return asked ?? sealed
}

async function indexOf(log: AuditLog, seq: number, size: number): Promise<number> {
  for await (const piece of keptLeaves(log, size)) {
    const at = piece.indexOf(seq)
    if (at !== -1 && piece.from + at < size) return piece.from + at
  }
  throw new ConflictError(
    `Among the ${size} events that are sealed there is none with the seq ${seq}. If it is newer, call sealAudit first.`,
  )
}

/** The roots of these subtrees. */
async function hashRanges(log: AuditLog, ranges: readonly LeafRange[], size: number): Promise<string[]> {
  const trees = ranges.map(() => new CompactRange())
  const inOrder = [...ranges.entries()].toSorted(([, one], [, other]) => one[0] - other[0])
  let place = 0
  for await (const piece of keptLeaves(log, size)) {
    let index = piece.from
    for (const { hash } of piece.leaves()) {
      const [at, [start, end]] = inOrder[place] ?? [-1, [Infinity, Infinity]]
      if (index >= start) trees[at]?.add(hash)
      if (++index === end) place++
    }
  }
  if (place < inOrder.length)
    throw new StoredDataError(
      'decision_audit_events',
      'detail_json',
      'lacks leaves that were sealed; see what verifyAudit() says',
    )
  return trees.map((tree) => toHex(tree.root))
}
