import { randomBytes } from 'node:crypto'

const process = randomBytes(8).toString('hex')
let made = 0

/**
 * An id of our own: by the second, then by process, then in the order of issue. A text, because what a client reads and
 * writes must be made by its own copy of the driver.
 */
export function newId(): string {
  const seconds = Math.floor(Date.now() / 1_000)
  made = (made + 1) % 2 ** 32
  return `${hex(seconds)}${process}${hex(made)}`
}

const hex = (number: number): string => number.toString(16).padStart(8, '0')

/** A session's id, as the register names it. */
export function hexOf(id: { readonly buffer: Uint8Array } | undefined): string {
  return Buffer.from(id?.buffer.subarray(0, 16) ?? []).toString('hex')
}
