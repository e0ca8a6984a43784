import { ConflictError } from '@dir/storage-core'
import { type Counters, importTakenOver } from '@dir/storage-core/adapter'
import { MemoryState } from './state.ts'

/** Marks the store as being filled; what an interrupted import left is removed. */
export function beginImport(state: MemoryState, ticket: number): void {
  if (state.importing === null && !state.isEmpty)
    throw new ConflictError('This store is not empty. Import into a new one, or drop this one first.')
  Object.assign(state, new MemoryState(), { importing: ticket })
}

/** Throws unless the import with this ticket is still the one that fills the store. */
export function requireImport(state: MemoryState, ticket: number): void {
  if (state.importing !== ticket) throw importTakenOver()
}

/** Sets the counters and takes the mark away. */
export function finishImport(state: MemoryState, ticket: number, counters: Counters): void {
  requireImport(state, ticket)
  Object.assign(state, counters, { importing: null })
}
