import { oneOf } from '../rules/fields.ts'
import type { Numbers } from '../rules/stored.ts'
import { flag, integer } from '../rules/validate.ts'

export interface HandleOptions {
  /** The deadline of every call, in milliseconds; default 5 000. */
  readonly operationTimeoutMs?: number
  /** The largest JSON of one record, in bytes; default 8 MiB. */
  readonly maxValueBytes?: number
  /** False: `init` creates nothing, and a missing schema is a `SchemaError`. */
  readonly init?: boolean
  /**
   * How getters give the numbers of stored JSON; its text, which stands beside, is the same either way. `plain` (the
   * default): `1.0`, as Python writes floats, is the number 1. `exact`: it is a `PyFloat`, so that `dumpsJsonDict` and
   * `idempotencyKey` make of what was read what Python makes of it. An integer beyond 2^53 is a bigint in both, because
   * rounding an id would be worse; `JSON.stringify` refuses it, `dumpsJsonDict` does not.
   */
  readonly numbers?: Numbers
  /**
   * True: the messages of the tracing channel `dir-storage:call` have the ids that a call named: flows, keys, resources.
   * Default false: no message has an id. Payloads stand in none either way.
   */
  readonly traceIds?: boolean
}

const MAX_TIMEOUT_MS = 2 ** 31 - 1

/** The deadline of calls that the options name, checked, or the default. */
export function timeoutMsOf({ operationTimeoutMs = 5_000 }: HandleOptions): number {
  return integer('operationTimeoutMs', operationTimeoutMs, 1, MAX_TIMEOUT_MS)
}

/** How numbers are given that the options name, checked, or the default. */
export function numbersOf({ numbers = 'plain' }: HandleOptions): Numbers {
  return oneOf('plain', 'exact')('numbers', numbers)
}

/** Whether the options let messages have ids, checked, or the default. */
export function traceIdsOf({ traceIds = false }: HandleOptions): boolean {
  return flag('traceIds', traceIds)
}

/** The names of `HandleOptions`, for adapters that check their own options. */
export const HANDLE_OPTIONS = ['operationTimeoutMs', 'maxValueBytes', 'init', 'numbers', 'traceIds'] as const
