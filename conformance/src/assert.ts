import { causesOf } from './causes.ts'
import { show } from './show.ts'
import { same } from './same.ts'
import { traceHere, whereOf } from './where.ts'

/** A promise of the contract was seen broken: the verdict is `fail`. Whatever else is thrown is an `error`. */
export class AssertionFailure extends Error {
  override readonly name = 'AssertionFailure'
  readonly what: string
  readonly expected: string
  readonly actual: string
  /** The place in the scenario. */
  readonly where: string | undefined
  constructor(what: string, expected: string, actual: string) {
    super(`${what}\n  expected: ${expected}\n  seen:     ${actual}`)
    this.what = what
    this.expected = expected
    this.actual = actual
    this.where = whereOf(traceHere().stack)
  }
}

/** An error of the storage contract, from whichever copy of core. */
export interface StorageErrorLike extends Error {
  readonly code: `STORAGE_${string}`
  readonly backend: string
  readonly protocol: string
  readonly operation: string
  readonly retryable: boolean
  readonly outcome: 'not-applied' | 'applied' | 'unknown'
}

/** What a scenario states. Every call is counted; the first false one ends the scenario. */
export interface Assert {
  /**
   * The same value, whole: no missing and no additional members, lists in the same order, `undefined` is not
   * missing, `-0` is not `0`, a bigint is not a number, a `PyFloat` only equals a `PyFloat`. The order of the members
   * of an object does not matter.
   */
  equal(actual: unknown, expected: unknown, what: string): void
  ok(condition: boolean, what: string): void
  /** Always fails; for a place that must not be reached. */
  fail(what: string): never
  /**
   * The call rejects with an error of that code (such as `STORAGE_CONFLICT`), and each of `fields` has exactly that
   * value. Given a function, it also states that it returns a promise instead of throwing. One assertion.
   * @returns the error, for further statements.
   */
  rejects(
    call: Promise<unknown> | (() => Promise<unknown>),
    code: StorageErrorLike['code'],
    what: string,
    fields?: Readonly<Record<string, unknown>>,
  ): Promise<StorageErrorLike>
  /** How many statements were made. */
  readonly count: number
}

export function createAssert(): Assert {
  let count = 0
  const state = (holds: boolean, what: string, expected: () => string, actual: () => string): void => {
    count++
    if (!holds) throw new AssertionFailure(what, expected(), actual())
  }
  return {
    get count() {
      return count
    },
    equal(actual, expected, what) {
      state(
        same(actual, expected),
        what,
        () => show(expected),
        () => show(actual),
      )
    },
    ok(condition, what) {
      state(
        condition,
        what,
        () => 'true',
        () => 'false',
      )
    },
    fail(what) {
      count++
      throw new AssertionFailure(what, 'never to happen', 'it happened')
    },
    async rejects(call, code, what, fields = {}) {
      const expected = () => `a rejection with ${code} ${show(fields)}`
      const error = await rejection(call, (seen) => state(false, what, expected, () => seen))
      const seen = error as unknown as Record<string, unknown>
      const wrong = Object.keys(fields).filter((field) => !same(seen[field], fields[field]))
      state(seen['code'] === code && wrong.length === 0, what, expected, () => describeError(error, fields))
      return error as StorageErrorLike
    },
  }
}

async function rejection(
  call: Promise<unknown> | (() => Promise<unknown>),
  complain: (seen: string) => void,
): Promise<Error> {
  let promise: Promise<unknown>
  try {
    promise = typeof call === 'function' ? call() : call
  } catch (error) {
    complain(`an exception instead of a rejected promise: ${String(error)}`)
    throw error
  }
  const [answer, error] = await promise.then(
    (value) => [value, undefined] as const,
    (reason: unknown) => [undefined, reason] as const,
  )
  if (error instanceof Error) return error
  complain(
    error === undefined ? `the answer ${show(answer)}` : `a rejection that is no Error: ${show(error)}`,
  )
  throw error
}

function describeError(error: Error, fields: Readonly<Record<string, unknown>>): string {
  const seen = error as unknown as Record<string, unknown>
  const values = Object.fromEntries(Object.keys(fields).map((field) => [field, seen[field]]))
  const told = `a rejection with ${show(seen['code'] ?? error.name)} ${show(values)} ("${error.message}")`
  return [told, ...causesOf(error)].join('\n            ')
}
