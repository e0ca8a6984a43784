import type { StorageHandle } from '@dir/storage-core'

/** A write method of the contract, and how to tell whether it happened. */
export interface Write {
  /** As in `context.setSession`. */
  readonly name: string
  /** Makes what it needs to be there first. @returns what `act` needs of it. */
  prepare?(storage: StorageHandle, id: string): Promise<unknown>
  act(storage: StorageHandle, id: string, prepared: unknown): Promise<unknown>
  /** All that may have changed by it. */
  look(storage: StorageHandle, id: string): Promise<unknown>
  /** A later write to the same record, which the first one would spoil if it came after. */
  later(storage: StorageHandle, id: string): Promise<unknown>
  /** Whether an answer agrees with what is there, where the store has made the numbers in it. */
  agrees?(answer: unknown, storage: StorageHandle, id: string): Promise<boolean>
  /** An answer that says that nothing was done, because others were in the way. */
  readonly denied?: null | false
  /** How many calls it makes one after the other, each with a deadline of its own; default one. */
  readonly steps?: number
  /** No batch takes it. */
  readonly isAlone?: true
  /** Looking at it takes as long as the store is large. */
  readonly isDear?: true
}
