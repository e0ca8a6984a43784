import type { StorageHandle } from '@dir/storage-core'
import type { Query } from './query.ts'

/** What the page asks, and of which store. */
export interface Asked {
  readonly storage: StorageHandle
  readonly label: string
  readonly query: Query
  /** Fires when nobody waits for the answer any more. */
  readonly signal: AbortSignal
}
