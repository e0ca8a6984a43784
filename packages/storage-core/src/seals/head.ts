import { members } from '../rules/fields.ts'
import { refuse, sequence } from '../rules/validate.ts'
import { isHex } from './merkle-tree.ts'

/** What stands for a whole log: keep it elsewhere, and nobody can change unnoticed what it covers. Plain JSON. */
export interface AuditHead {
  /** The event that says so; it is not covered itself. */
  readonly seq: number
  /** How many events it covers, from the first one; those that were pruned since count too. */
  readonly size: number
  /** The last event that it covers. */
  readonly lastSeq: number
  /** The root of their Merkle tree, in hexadecimal. */
  readonly root: string
}

function root(argument: string, value: unknown): string {
  return isHex(value) ? value : refuse(argument, 'must be 64 hexadecimal digits in lower case')
}

export function auditHead(argument: string, value: unknown): AuditHead {
  return members(argument, value, { seq: sequence, size: sequence, lastSeq: sequence, root })
}
