// The rules for arguments that are objects; see validate.ts.
import { ValueTooLargeError } from '../errors/index.ts'
import { Encoder } from '../json/encoder.ts'
import { isPlainObject } from '../json/kind.ts'
import { TextTooLong } from '../json/sink.ts'
import { amount, compareIds, id, reading, refuse } from './validate.ts'

const MAX_RESOURCES = 1_000

/** An object to be stored as JSON, as its text. */
export function jsonObject(argument: string, value: unknown, limit: number): string {
  const json = reading(argument, () => {
    if (!isPlain(value)) return refuse(argument, 'must be a plain object')
    return encode(argument, value, limit)
  })
  if (!json.startsWith('{'))
    refuse(argument, 'must be an object in JSON too, and its toJSON() makes something else of it')
  if (json.length > limit) throw new ValueTooLargeError(argument, json.length, limit)
  return json
}

function encode(argument: string, value: object, limit: number): string {
  try {
    return new Encoder({ argument, sortKeys: true, nativeOnly: false, maxLength: limit }).encode(value)
  } catch (error) {
    if (error instanceof TextTooLong) throw new ValueTooLargeError(argument, error.length, limit)
    throw error
  }
}

/** A record given as an object: own known keys only, so that a mistyped one is refused and not ignored. */
export function record<K extends string>(
  argument: string,
  value: unknown,
  keys: readonly K[],
): { readonly [P in K]?: unknown } {
  return knownMembers(argument, value, keys, () =>
    refuse(argument, `has an unknown member; known are ${keys.join(', ')}`),
  )
}

/** The members of a plain object, read once; `unknown` is called for one that is none of `known`. */
export function knownMembers<K extends string>(
  argument: string,
  value: unknown,
  known: readonly K[],
  unknown: (key: string | symbol) => never,
): { readonly [P in K]?: unknown } {
  return reading(argument, () => {
    if (!isPlain(value)) return refuse(argument, 'must be a plain object')
    const fields = value as Readonly<Record<string | symbol, unknown>>
    const found: { [P in K]?: unknown } = {}
    for (const key of Reflect.ownKeys(fields)) {
      if (!known.includes(key as K)) unknown(key)
      found[key as K] = fields[key]
    }
    return found
  })
}

/** Everything of a plain object's own, read once. */
export function ownEntries(
  argument: string,
  value: unknown,
  rule = 'must be a plain object',
): [string | symbol, unknown][] {
  return reading(argument, () => {
    if (!isPlain(value)) return refuse(argument, rule)
    const fields = value as Readonly<Record<string | symbol, unknown>>
    return Reflect.ownKeys(fields).map((key) => [key, fields[key]])
  })
}

/** Amounts by resource, in micro-units, copied, in the order in which ids sort. */
export function amounts(argument: string, value: unknown): ReadonlyMap<string, number> {
  const given = ownEntries(argument, value, 'must be a plain object of amounts by resource id')
  if (given.length > MAX_RESOURCES) refuse(argument, `must name at most ${MAX_RESOURCES} resources`)
  const entries = given.map(([key, one]): [string, number] => {
    const micros = amount(argument, one)
    return [id(argument, key), micros]
  })
  return new Map(entries.sort(([a], [b]) => compareIds(a, b)))
}

/** To be called inside `reading`: a revoked proxy throws. */
export function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && isPlainObject(value)
}
