import { inspect } from 'node:util'
import { same } from '../same.ts'

/** A part of an answer that the model cannot foresee; what was seen in its place is remembered by kind and number. */
export class Hole {
  readonly kind: HoleKind
  readonly number: number
  constructor(kind: HoleKind, number: number) {
    this.kind = kind
    this.number = number
  }

  [inspect.custom](): string {
    return this.number < 0 ? `<a ${this.kind}>` : `<${this.kind} ${this.number}>`
  }
}

/** `seq` and `fence`: numbers that rise; `token`: a text of its own; `time`: the same wherever it is shown. */
export type HoleKind = 'seq' | 'fence' | 'token' | 'time'

/** A call that must be refused. */
export class Refusal {
  readonly code: `STORAGE_${string}`
  readonly fields: Readonly<Record<string, unknown>>
  constructor(code: `STORAGE_${string}`, fields: Readonly<Record<string, unknown>> = {}) {
    this.code = code
    this.fields = fields
  }
}

/** One of several refusals, where the contract leaves open which one is told. */
export class AnyOf {
  readonly refusals: readonly Refusal[]
  constructor(refusals: readonly Refusal[]) {
    this.refusals = refusals
  }
}

/** Any time. */
export const time: Hole = new Hole('time', -1)

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/

/** What was seen in the holes so far. */
export class Bindings {
  readonly #seen: Readonly<Record<HoleKind, unknown[]>> = { seq: [], fence: [], token: [], time: [] }

  /** What stands for the model's number in a call; undefined if nothing does. */
  actual(kind: HoleKind, number: number): unknown {
    return this.#seen[kind][number]
  }

  /** Whether `actual` is what the model expects, holes filled. */
  matches(actual: unknown, expected: unknown): boolean {
    if (expected instanceof Hole) return this.#fits(actual, expected)
    if (expected instanceof AnyOf) return expected.refusals.some((one) => this.matches(actual, one))
    if (expected instanceof Refusal) {
      const error = actual as Record<string, unknown> | null
      return (
        actual instanceof Error &&
        error?.['code'] === expected.code &&
        Object.keys(expected.fields).every((field) => same(error[field], expected.fields[field]))
      )
    }
    if (typeof expected !== 'object' || expected === null || !plain(expected)) return same(actual, expected)
    if (typeof actual !== 'object' || actual === null || Array.isArray(actual) !== Array.isArray(expected))
      return false
    const keys = Object.keys(expected)
    const members = (value: object, key: string): unknown => (value as Record<string, unknown>)[key]
    return (
      keys.length === Object.keys(actual).length &&
      keys.every(
        (key) => Object.hasOwn(actual, key) && this.matches(members(actual, key), members(expected, key)),
      )
    )
  }

  #fits(actual: unknown, { kind, number }: Hole): boolean {
    const seen = this.#seen[kind]
    if (number in seen) return seen[number] === actual
    if (kind === 'time') {
      if (number >= 0) seen[number] = actual
      return typeof actual === 'string' && TIME.test(actual)
    }
    const [before, after] = [seen.slice(0, number), seen.slice(number + 1)]
    seen[number] = actual
    if (kind === 'token') return typeof actual === 'string' && actual !== '' && !before.includes(actual)
    const rises = (from: unknown, to: unknown): boolean =>
      from === undefined || to === undefined || Number(from) < Number(to)
    const fits = before.every((one) => rises(one, actual)) && after.every((one) => rises(actual, one))
    return Number.isSafeInteger(actual) && fits
  }
}

function plain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return Array.isArray(value) || prototype === Object.prototype || prototype === null
}
