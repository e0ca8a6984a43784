import { cleanCause } from './cause.ts'

/** What is known of a write's effect when its call failed: `unknown` once its bytes may have left. Reads: `not-applied`. */
export type Outcome = 'not-applied' | 'applied' | 'unknown'

/** What every error may carry beside its own fields. */
export interface ErrorContext {
  readonly outcome?: Outcome
  readonly retryable?: boolean
  /** The driver's error. Its name and codes are kept, its message is not: servers quote requests in theirs. */
  readonly cause?: unknown
  /** What may be shown of the message of `cause`, because it cannot quote the request. */
  readonly causeText?: string
}

/**
 * The one base class. Recognise errors by `code`, which is stable, rather than by `instanceof`: two copies of
 * this package may be installed. Holds no password, payload, client object, or id beyond the class's own fields.
 */
export abstract class StorageError extends Error {
  abstract readonly code: `STORAGE_${string}`
  /** The backend's name, such as `sqlite`; empty for an error raised outside a handle. */
  backend = ''
  /** The bundle member, such as `resourceLock`; empty for calls on the handle itself. */
  protocol = ''
  /** The method that was called. */
  operation = ''
  /** Whether the same call may be made again as it is, with no risk of doing something twice. */
  readonly retryable: boolean
  readonly outcome: Outcome

  constructor(message: string, retryable: boolean | 'if-not-applied', context: ErrorContext = {}) {
    super(
      message,
      context.cause === undefined ? undefined : { cause: cleanCause(context.cause, context.causeText) },
    )
    this.name = new.target.name
    this.outcome = context.outcome ?? 'not-applied'
    this.retryable =
      context.retryable ?? (retryable === 'if-not-applied' ? this.outcome === 'not-applied' : retryable)
  }

  toJSON(): Record<string, unknown> {
    return { ...(this as object), message: this.message }
  }
}

/** Whether `error` is one of ours, from whichever copy of this package. */
export function isOurs(error: unknown): error is StorageError {
  try {
    return error instanceof Error && String((error as { code?: unknown }).code).startsWith('STORAGE_')
  } catch {
    return false // what callers throw may be anything, a revoked proxy too
  }
}

/** For callers who fail of the same: each gets an error of its own, because an error says which call it is about. */
export function copyOf(error: unknown): unknown {
  if (!isOurs(error)) return error
  const { stack: _, ...own } = Object.getOwnPropertyDescriptors(error)
  const copy: unknown = Object.setPrototypeOf(
    new Error(error.message),
    Object.getPrototypeOf(error) as object,
  )
  return Object.defineProperties(copy, own)
}

/** The error for something of which a part may have happened, whatever is known of the step that failed. */
export function withDoubt(error: unknown): unknown {
  return isOurs(error)
    ? Object.assign(copyOf(error) as object, { outcome: 'unknown', retryable: false })
    : error
}

/** Says where an error came from, unless it says so itself; returns it. */
export function locate<E>(error: E, backend: string, protocol: string, operation: string): E {
  if (isOurs(error)) {
    error.backend ||= backend
    if (error.operation === '') {
      error.protocol = protocol
      error.operation = operation
    }
  }
  return error
}
