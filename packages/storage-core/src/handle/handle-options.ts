import { integer } from '../rules/validate.ts'

export interface HandleOptions {
  /** The deadline of every call, in milliseconds; default 5 000. */
  readonly operationTimeoutMs?: number
  /** The largest JSON of one record, in bytes; default 8 MiB. */
  readonly maxValueBytes?: number
  /** False: `init` creates nothing, and a missing schema is a `SchemaError`. */
  readonly init?: boolean
}

const MAX_TIMEOUT_MS = 2 ** 31 - 1

/** The deadline of calls that the options name, checked, or the default. */
export function timeoutMsOf({ operationTimeoutMs = 5_000 }: HandleOptions): number {
  return integer('operationTimeoutMs', operationTimeoutMs, 1, MAX_TIMEOUT_MS)
}

/** The names of `HandleOptions`, for adapters that check their own options. */
export const HANDLE_OPTIONS = ['operationTimeoutMs', 'maxValueBytes', 'init'] as const
