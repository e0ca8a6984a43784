import { InvalidArgumentError } from '../errors/index.ts'
import { SEALS_FLOW, isNote } from '../handle/prune-note.ts'
import { dumpsJsonDict } from '../json/encode.ts'
import { checkedOptions } from '../rules/fields.ts'
import { type AuditLog, type WithAudit, auditLog } from './audit-log.ts'
import { leafOf } from './event-leaf.ts'
import type { AuditHead } from './head.ts'
import { LEAVES, type Leaf, digestOf, leavesDetails } from './leaves-record.ts'
import { lastSeal, sealAfter } from './seal-chain.ts'
import type { SealKey, Signer } from './seal-key.ts'
import { NO_SEAL, SEAL, type Seal, headOf, isSignedBy, isWhole, sealDetails, treeOf } from './seal-record.ts'
import { sealingKey } from './signer.ts'

/** How many events one step covers, and how many of their leaves one event keeps. */
const STEP = 10_000
const PIECE = 1_000

export interface SealOptions {
  /** Signs the seals of this log: the same key from the first one on. Without it, whoever can write the log can seal it. */
  readonly key?: SealKey
}

/**
 * Seals all events that are there when it begins: appends, to the flow `dir:audit-seals`, their leaf hashes (`LEAVES`) and
 * the head of the Merkle tree over all events since the first (`SEAL`). It goes on from the last seal, and reads nothing that
 * is older; many events are sealed in steps of 10 000, each whole or not there at all. Where nothing is new since
 * the last seal, nothing is written. Others may append, prune and seal meanwhile: of two seals that go on from the same one,
 * the first counts.
 * @returns the last head. Keep it where nobody who can write the log can write.
 * @throws InvalidArgumentError for what is no key to seal with, and where the last seal is not signed by this one.
 * @throws StoredDataError where the last seal cannot be read.
 */
export async function sealAudit(storage: WithAudit, options?: SealOptions): Promise<AuditHead> {
  const log = auditLog('storage', storage)
  const { key } = checkedOptions(options, { key: sealingKey })
  // the first seal is of nothing: from it on, prune says what it removes
  let seal = (await lastSeal(log)) ?? (await append(log, NO_SEAL, [], key))
  // a second time for the seals of all steps but the last, so that it is clear afterwards that nothing is new
  for (let [round, steps] = [0, 2]; round < 2 && steps > 1; round++) {
    const until = await newest(log)
    if (await coversAll(log, seal, until)) break
    for (steps = 0; seal.lastSeq < until; steps++) {
      checkSeal(seal, key)
      const leaves = await leavesAfter(log, seal.lastSeq, until)
      if (leaves.length === 0) break // pruned meanwhile
      seal = await append(log, seal, leaves, key)
    }
  }
  checkSeal(seal, key)
  return headOf(seal)
}

function checkSeal(seal: Seal, key: Signer | null): void {
  const isFit = key === null ? seal.signature === null : isSignedBy(key, seal)
  if (!isFit || !isWhole(seal))
    throw new InvalidArgumentError(
      'key',
      `does not fit the last seal (seq ${seal.seq}), which has another key or none, or was changed: verifyAudit() says which`,
    )
}

async function newest(log: AuditLog): Promise<number> {
  for await (const { seq } of log.events({ newestFirst: true, limit: 1 })) return seq
  return 0
}

/** Whether there is nothing after what a seal covers but what it consists of itself. */
async function coversAll(log: AuditLog, seal: Seal, until: number): Promise<boolean> {
  if (until > seal.seq) return false
  for await (const { seq } of log.events({ afterSeq: seal.lastSeq, limit: 1 }))
    return seq === seal.seq - seal.leaves.length
  return true
}

async function leavesAfter(log: AuditLog, afterSeq: number, until: number): Promise<Leaf[]> {
  const leaves: Leaf[] = []
  for await (const event of log.events({ afterSeq, limit: STEP })) {
    if (event.seq > until) break
    leaves.push({ seq: event.seq, hash: leafOf(event), isNote: isNote(event) })
  }
  return leaves
}

/** @returns the seal that counts after `previous`: this one, unless somebody was quicker. */
async function append(
  log: AuditLog,
  previous: Seal,
  leaves: readonly Leaf[],
  key: Signer | null,
): Promise<Seal> {
  const tree = treeOf(previous)
  for (const { hash } of leaves) tree.add(hash)
  const pieces = []
  for (let at = 0; at < leaves.length; at += PIECE)
    pieces.push(leavesDetails(previous.size + at, leaves.slice(at, at + PIECE)))
  const digests = pieces.map((piece) => digestOf(dumpsJsonDict(piece)))
  const details = sealDetails(previous, tree, leaves.at(-1)?.seq ?? previous.lastSeq, digests, key)
  const events = pieces.map((piece) => ({ dfid: SEALS_FLOW, event: LEAVES, details: piece }))
  const seqs = await log.recordMany([...events, { dfid: SEALS_FLOW, event: SEAL, details: { ...details } }])
  return (await sealAfter(log, previous.seq)) ?? { ...details, seq: seqs.at(-1) as number }
}
