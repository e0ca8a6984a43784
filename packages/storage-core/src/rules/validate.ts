// The rules for arguments, the same for every adapter: each function returns the value it was given, checked,
// or throws InvalidArgumentError (ValueTooLargeError for size) before anything is sent.
import type { EffectSignal } from './signal.ts'
import { MAX_AMOUNT, toMicros } from './amounts.ts'
import { InvalidArgumentError, ValueTooLargeError, isStorageError } from '../errors/index.ts'
import { checkJsonText } from '../json/check.ts'
import { type Instant, parseInstant } from './time.ts'

const MAX_ID_BYTES = 512
const MAX_TEXT_BYTES = 65_536
export const MAX_INT32 = 2_147_483_647
const MAX_SECONDS = 1e9

export function refuse(argument: string, reason: string): never {
  throw new InvalidArgumentError(argument, reason)
}

/** What `read` makes of a value; what a getter or a proxy of the value's throws may quote it, and is not passed on. */
export function reading<T>(argument: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (isStorageError(error)) throw error
    return refuse(argument, 'cannot be read')
  }
}

/** Any well-formed string. */
export function string(argument: string, value: unknown): string {
  if (typeof value !== 'string') refuse(argument, 'must be a string')
  if (!value.isWellFormed()) refuse(argument, 'must be well-formed Unicode, and holds half a surrogate pair')
  return value
}

function plainString(argument: string, value: unknown, maxBytes: number): string {
  const text = string(argument, value)
  if (text.includes('\0')) refuse(argument, 'must not hold a NUL character')
  if (Buffer.byteLength(text) > maxBytes) refuse(argument, `must take at most ${maxBytes} bytes of UTF-8`)
  return text
}

/** Names a record: 1 to 512 bytes of UTF-8, no NUL. */
export function id(argument: string, value: unknown): string {
  if (value === '') refuse(argument, 'must not be empty')
  return plainString(argument, value, MAX_ID_BYTES)
}

/** Free text: at most 64 KiB of UTF-8, no NUL; may be empty. */
export function text(argument: string, value: unknown): string {
  return plainString(argument, value, MAX_TEXT_BYTES)
}

/** `check`, but null is a value too. */
export function nullable<T, Limit extends unknown[]>(
  check: (argument: string, value: unknown, ...limit: Limit) => T,
  argument: string,
  value: unknown,
  ...limit: Limit
): T | null {
  return value === null ? null : check(argument, value, ...limit)
}

/** `check`, for a member that may be left out: undefined and a missing one are null. */
export function optional<T>(
  check: (argument: string, value: unknown) => T,
  argument: string,
  value: unknown,
): T | null {
  return value === undefined ? null : check(argument, value)
}

/** A token as `claim` handed it out. */
export function token(argument: string, value: unknown): string {
  if (value === '') refuse(argument, 'must not be empty')
  return string(argument, value)
}

export function integer(argument: string, value: unknown, least: number, most: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most)
    refuse(argument, `must be an integer from ${least} to ${most}`)
  return value + 0
}

/** A priority: any int32. */
export function int32(argument: string, value: unknown): number {
  return integer(argument, value, -MAX_INT32 - 1, MAX_INT32)
}

/** A count or a limit: an int32 from 0. */
export function count(argument: string, value: unknown): number {
  return integer(argument, value, 0, MAX_INT32)
}

/** A sequence number or a fence: a safe integer from 0. */
export function sequence(argument: string, value: unknown): number {
  return integer(argument, value, 0, Number.MAX_SAFE_INTEGER)
}

/** Seconds from 0 to 1e9. */
export function seconds(argument: string, value: unknown): number {
  if (typeof value !== 'number' || !(value >= 0 && value <= MAX_SECONDS))
    refuse(argument, `must be a number of seconds from 0 to ${MAX_SECONDS}`)
  return value
}

/** Seconds from 0, as whole microseconds. */
export function ageMicros(argument: string, value: unknown): number {
  return Math.round(seconds(argument, value) * 1e6)
}

/** Seconds above 0, as whole microseconds (at least one). */
export function durationMicros(argument: string, value: unknown): number {
  if (seconds(argument, value) === 0) refuse(argument, 'must be more than 0 seconds')
  return Math.max(1, ageMicros(argument, value))
}

/** An amount or a capacity, in micro-units. */
export function amount(argument: string, value: unknown): number {
  if (typeof value !== 'number' || !(value >= 0 && value <= MAX_AMOUNT))
    refuse(argument, `must be a number from 0 to ${MAX_AMOUNT}`)
  return toMicros(value)
}

/** A moment in any of the forms that the contract takes. */
export function instant(argument: string, value: unknown): Instant {
  const parsed = typeof value === 'string' ? parseInstant(value) : null
  return parsed ?? refuse(argument, 'must be a time such as 2026-03-01T09:30:00.000000Z')
}

/** JSON text that is stored byte for byte. */
export function jsonText(argument: string, value: unknown, limit: number): string {
  const json = string(argument, value)
  checkSize(argument, limit, json)
  const reason = checkJsonText(json)
  return reason === null ? json : refuse(argument, reason)
}

/** Throws where the texts together take more than a record may; `argument` is the last of them. */
export function checkSize(argument: string, limit: number, ...texts: readonly string[]): void {
  const least = texts.reduce((sum, text) => sum + text.length, 0)
  if (least * 3 <= limit) return
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0)
  if (bytes > limit) throw new ValueTooLargeError(argument, bytes, limit)
}

/** The order in which ids sort everywhere: by their UTF-8 bytes, which is by code point. */
export function compareIds(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

/** A function that is called back. */
export function callable(argument: string, value: unknown): void {
  if (typeof value !== 'function') refuse(argument, 'must be a function')
}

/** True or false. */
export function flag(argument: string, value: unknown): boolean {
  return typeof value === 'boolean' ? value : refuse(argument, 'must be true or false')
}

/** What ends something early. */
export function abortSignal(argument: string, value: unknown): EffectSignal {
  return reading(argument, () =>
    value instanceof AbortSignal ? value : refuse(argument, 'must be an AbortSignal'),
  )
}
