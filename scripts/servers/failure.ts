import { type StorageError, isStorageError } from '@dir/storage-core'

/** What an error of ours tells a program. */
type Facts = Pick<StorageError, 'outcome' | 'retryable'> & { readonly code: string }

/** What an error says to a program, with its own fields of these names. Throws what is no error of ours. */
export function factsOf(error: unknown, ...fields: readonly string[]): Facts {
  if (!isStorageError(error)) throw error
  const { code, outcome, retryable } = error
  const own = Object.fromEntries(fields.map((one) => [one, Reflect.get(error, one)]))
  return { code, outcome, retryable, ...own }
}

/** `factsOf` what a call rejects with; throws where it is answered. */
export async function failureOf(call: Promise<unknown>, ...fields: readonly string[]): Promise<Facts> {
  const error: unknown = await call.then(
    () => new Error('the call was answered'),
    (reason: unknown) => reason,
  )
  return factsOf(error, ...fields)
}
