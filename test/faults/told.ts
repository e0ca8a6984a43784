import { inspect } from 'node:util'
import { isStorageError } from '@dir/storage-core'
import type { Clock } from './clock.ts'

/** What a caller was told of its write. */
export interface Told {
  /** `unmapped`: an error of which nobody can know anything. */
  readonly outcome: 'applied' | 'not-applied' | 'unknown' | 'unmapped'
  /** Present if it was told an answer and no error. */
  readonly answer?: unknown
  readonly error?: unknown
  readonly isRetryable: boolean
  readonly isLate: boolean
}

/** How an error, or an answer, reads in a report. */
export function saying({ outcome, answer, error }: Told): string {
  if (isStorageError(error)) {
    const cause = error.code === 'STORAGE_INTERNAL' ? `, because of ${inspect(error.cause)}` : ''
    return `${error.code} ${error.outcome}: ${error.message}${cause}`
  }
  return error === undefined ? `${outcome} ${JSON.stringify(answer)}` : `unmapped: ${inspect(error)}`
}

/** Makes a call, and hears what it is told. */
export async function hear(
  clock: Clock,
  deadlineMs: number,
  act: () => Promise<unknown>,
  isDenied: (answer: unknown) => boolean = () => false,
): Promise<Told> {
  const isLate = clock.watch(deadlineMs)
  try {
    const answer = await act()
    const outcome = isDenied(answer) ? 'not-applied' : 'applied'
    return { outcome, answer, isRetryable: false, isLate: isLate() }
  } catch (error) {
    const isMapped = isStorageError(error) && error.code !== 'STORAGE_INTERNAL'
    return {
      outcome: isMapped ? error.outcome : 'unmapped',
      error,
      isRetryable: isStorageError(error) && error.retryable,
      isLate: isLate(),
    }
  }
}
