import { type JoinedStorage, type StorageHandle, isStorageError } from '@dir/storage-core'

/** One statement, with `$1`, `$2`, … for its values. */
export type Query = (sql: string, ...values: readonly (string | number | null)[]) => Promise<unknown[]>

export interface Transaction {
  readonly query: Query
  /** The nine, inside this transaction. */
  readonly storage: JoinedStorage
}

/** The shop's database: its own table, and the store beside it. */
export interface Database {
  readonly storage: StorageHandle
  /** Sees what is committed. */
  readonly query: Query
  /** Commits what `work` does; rolls it back where that answers false, or throws. @returns whether it was committed. */
  transaction(work: (inside: Transaction) => Promise<boolean>): Promise<boolean>
  close(): Promise<void>
}

export const TABLE = `CREATE TABLE IF NOT EXISTS refunds (
  id TEXT PRIMARY KEY,
  pence BIGINT NOT NULL,
  reason TEXT NOT NULL,
  status TEXT NOT NULL,
  declined BIGINT NOT NULL DEFAULT 0, -- how often, by the payment service
  payment_id TEXT,
  seq BIGINT NOT NULL -- of the event that tells of this status
)`

const MOST_TRIES = 5

/** Where others were in the way, a transaction is rolled back and run again from its start. */
export async function unlessContended<T>(run: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await run()
    } catch (error) {
      if (tries >= MOST_TRIES || !isStorageError(error, 'STORAGE_RESOURCE_CONTENTION')) throw error
    }
  }
}
