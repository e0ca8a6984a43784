import { isStorageError } from '@dir/storage-core'
import { CommanderError } from 'commander'
import { EXIT, type ExitCode } from './exit-code.ts'

/** The command line is wrong. */
export class UsageError extends Error {}

/** A store that cannot be opened as it is named. */
export class StoreError extends Error {}

export interface Described {
  readonly exitCode: ExitCode
  /** Empty where it was said already. */
  readonly message: string
}

/** An error in one line, and the exit code that it makes. */
export function describeError(error: unknown): Described {
  // commander has written what it has to say
  if (error instanceof CommanderError)
    return { exitCode: error.exitCode === 0 ? EXIT.fine : EXIT.usage, message: '' }
  if (error instanceof UsageError) return { exitCode: EXIT.usage, message: error.message }
  if (!isStorageError(error))
    return { exitCode: EXIT.failed, message: error instanceof Error ? error.message : String(error) }
  const isUsage = error.code === 'STORAGE_INVALID_ARGUMENT'
  const place = [error.backend, error.protocol, error.operation].filter((part) => part !== '').join('.')
  const advice = ADVICE[error.code] ?? ''
  const message = `${error.message}${advice} [${[error.code, place].filter((part) => part !== '').join(' ')}]`
  return { exitCode: isUsage ? EXIT.usage : EXIT.failed, message }
}

/** What this command offers, beside what an error says itself. */
const ADVICE: Readonly<Record<string, string>> = {
  STORAGE_SCHEMA:
    ' `dir-storage schema --migrate` brings a missing or older schema up to date, `schema --print` shows its statements.',
}
