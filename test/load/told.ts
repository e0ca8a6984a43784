import { isStorageError } from '@dir/storage-core'

/** A moment, in milliseconds, on the clock that all processes of this computer share. */
export const now = (): number => Number(process.hrtime.bigint()) / 1e6

/** How a write ended that threw: `unmapped` is an error of which nobody knows whether it happened, by mistake. */
export function outcomeOf(error: unknown): 'refused' | 'not-applied' | 'unknown' | 'unmapped' {
  if (!isStorageError(error) || error.code === 'STORAGE_INTERNAL') return 'unmapped'
  if (error.code === 'STORAGE_INSUFFICIENT_CAPACITY') return 'refused'
  return error.outcome === 'not-applied' ? 'not-applied' : 'unknown'
}
