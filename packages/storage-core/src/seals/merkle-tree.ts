// The hashes of RFC 9162, section 2.1: a leaf and a node never have the same bytes before them.
import { hash } from 'node:crypto'

export const HASH_BYTES = 32

const LEAF = Uint8Array.of(0)
const NODE = Uint8Array.of(1)

const sha256 = (...parts: readonly Uint8Array[]): Uint8Array => hash('sha256', Buffer.concat(parts), 'buffer')

/** The root of a tree without leaves. */
export const EMPTY_ROOT = sha256()

export function hashLeaf(bytes: Uint8Array): Uint8Array {
  return sha256(LEAF, bytes)
}

export function hashNode(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(NODE, left, right)
}

export function toHex(hashed: Uint8Array): string {
  return Buffer.from(hashed).toString('hex')
}

export function fromHex(hex: string): Uint8Array {
  return Buffer.from(hex, 'hex')
}

export function isHex(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)
}

/** The largest power of two below `size`, which is at least 2: where a tree of that size is split. */
export function splitOf(size: number): number {
  let split = 1
  while (split * 2 < size) split *= 2
  return split
}

/** From a first leaf to one before which it ends. */
export type LeafRange = readonly [start: number, end: number]
