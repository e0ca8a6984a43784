import type { Protocol } from '@dir/storage-core'

/** The class and the code of an error. */
export type Refusal = readonly [errorClass: string, code: string]

export const INVALID: Refusal = ['InvalidArgumentError', 'STORAGE_INVALID_ARGUMENT']
export const TOO_LARGE: Refusal = ['ValueTooLargeError', 'STORAGE_VALUE_TOO_LARGE']
export const CLOSED: Refusal = ['ClosedError', 'STORAGE_CLOSED']
export const CONFIGURATION: Refusal = ['ConfigurationError', 'STORAGE_CONFIGURATION']

/**
 * Each of these values in this place is refused by an error that names this argument. A place is the position of an
 * argument, and of a member in it: `3.fence` is the member `fence` of the fourth.
 */
export type Row = readonly [place: string, values: readonly unknown[], argument: string, refusal: Refusal]

/** Correct arguments of a method, each of which some row spoils. */
export type Method = readonly [good: readonly unknown[], ...rows: readonly Row[]]

export type Methods = Readonly<Record<string, Method>>

export type Table = Readonly<Record<Protocol, Methods>>

/** One call with one bad value, and what must come of it. */
export interface Case {
  readonly args: readonly unknown[]
  readonly value: unknown
  readonly argument: string
  readonly refusal: Refusal
}

/** The calls that the rows of a method stand for. */
export function casesOf([good, ...rows]: Method): readonly Case[] {
  return rows.flatMap(([place, values, argument, refusal]) =>
    values.map((value) => ({ args: spoiled(good, place, value), value, argument, refusal })),
  )
}

/** How many bad values each argument and each member meets, by place. */
export function waysOf([, ...rows]: Method): ReadonlyMap<string, number> {
  const ways = new Map<string, number>()
  for (const [place, values] of rows) ways.set(place, (ways.get(place) ?? 0) + values.length)
  return ways
}

function spoiled(good: readonly unknown[], place: string, value: unknown): readonly unknown[] {
  const [position = '', member] = place.split('.')
  const index = Number(position)
  const args = Array.from({ length: Math.max(good.length, index + 1) }, (_, at) => good[at])
  return args.with(index, member === undefined ? value : { ...(good[index] as object), [member]: value })
}
