import { isStorageError } from '@dir/storage-core'

/** What a rejection says to a program; throws where the call is answered, or fails with an error that is not ours. */
export async function failureOf(call: Promise<unknown>) {
  const error = await call.then(
    () => new Error('the call was answered'),
    (reason: unknown) => reason,
  )
  if (!isStorageError(error)) throw error
  const { code, outcome, retryable } = error
  return { code, outcome, retryable }
}
