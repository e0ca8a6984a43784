import { members, oneOf } from '../rules/fields.ts'
import { reading, refuse, sequence } from '../rules/validate.ts'
import { rootsOfPath } from './consistency-proof.ts'
import { type SealedFields, leafOf } from './event-leaf.ts'
import { type AuditHead, auditHead } from './head.ts'
import { rootOfPath } from './inclusion-proof.ts'
import { EMPTY_ROOT, fromHex, isHex, toHex } from './merkle-tree.ts'
import type { ConsistencyProof, InclusionProof } from './proof.ts'

/**
 * Checks a proof of `proveEvent`: whether this event, as it is here, is in the log that the head stands for. Needs no store.
 * @throws InvalidArgumentError for what is no proof, no head or no event.
 */
export function checkProof(proof: InclusionProof, head: AuditHead, event: SealedFields): boolean
/** Checks a proof of `proveConsistency`: whether the log of the first head is the beginning of that of the second. */
export function checkProof(proof: ConsistencyProof, from: AuditHead, to: AuditHead): boolean
export function checkProof(
  proof: InclusionProof | ConsistencyProof,
  head: AuditHead,
  other: SealedFields | AuditHead,
): boolean {
  const type = reading('proof', () => oneOf('inclusion', 'consistency')('type', proof.type))
  return type === 'inclusion'
    ? isIncluded(proof, auditHead('head', head), other as SealedFields)
    : isConsistent(proof, auditHead('from', head), auditHead('to', other))
}

function isIncluded(given: unknown, head: AuditHead, event: SealedFields): boolean {
  const rules = { type: oneOf('inclusion'), seq: sequence, index: sequence, size: sequence, path: hashes }
  const { seq, index, size, path } = members('proof', given, rules)
  const leaf = reading('event', () => (event.seq === seq ? leafOf(event) : null))
  if (leaf === null || size !== head.size) return false
  const root = rootOfPath(leaf, index, size, path)
  return root !== null && toHex(root) === head.root
}

function isConsistent(given: unknown, first: AuditHead, second: AuditHead): boolean {
  const rules = { type: oneOf('consistency'), from: sequence, to: sequence, path: hashes }
  const { from, to, path } = members('proof', given, rules)
  if (from !== first.size || to !== second.size) return false
  if (from === 0) return path.length === 0 && first.root === toHex(EMPTY_ROOT)
  const roots = rootsOfPath(from, to, fromHex(first.root), path)
  return roots !== null && toHex(roots[0]) === first.root && toHex(roots[1]) === second.root
}

function hashes(argument: string, value: unknown): Uint8Array[] {
  return Array.isArray(value) && value.every(isHex)
    ? value.map(fromHex)
    : refuse(argument, 'must be an array of hashes in hexadecimal')
}
