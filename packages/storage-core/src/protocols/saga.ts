import type { Methods, Transfer } from '../adapter/call.ts'
import type { DirtyFlowExport } from './records.ts'
import { id, jsonText, text } from '../rules/validate.ts'
import { parseStored } from '../rules/stored.ts'

export interface DirtyState {
  readonly failedStep: string
  /** The parsed partial state. */
  readonly partialState: unknown
}

/** Which flows broke half-way and wait to be compensated. Source: `SagaStorage`. */
export interface SagaStorage {
  /** The same call as the handle's `init`. */
  initSchema(): Promise<void>
  /** Marks the flow, replacing an earlier mark; the flow moves to the end of `getDirtyFlows`. */
  markDirty(dfid: string, failedStep: string, partialStateJson: string): Promise<void>
  /** The marked flows in the order of their latest mark, oldest first. */
  getDirtyFlows(): Promise<string[]>
  /** The flow's mark, or null. @throws StoredDataError if the stored state cannot be read. */
  getDirtyState(dfid: string): Promise<DirtyState | null>
  /** Removes the mark; an unmarked flow is ignored. */
  clearDirty(dfid: string): Promise<void>
}

export interface DirtyRow {
  readonly failedStep: string
  readonly partialStateJson: string
}

/** What an adapter reads. */
export interface SagaReads {
  getDirtyFlows(): string[]
  getDirtyState(dfid: string): DirtyRow | null
}

/** What an adapter judges and writes. */
export interface SagaWrites {
  markDirty(dfid: string, failedStep: string, partialStateJson: string): void
  clearDirty(dfid: string): void
}

/** What an adapter implements. */
export interface SagaOperations extends SagaReads, SagaWrites, Transfer<DirtyFlowExport> {}

export const saga: Methods<SagaStorage, SagaOperations> = (run) => ({
  markDirty(dfid, failedStep, partialStateJson) {
    const step = text('failedStep', failedStep)
    const partial = jsonText('partialStateJson', partialStateJson, run.maxValueBytes)
    return run.write('markDirty', [id('dfid', dfid)], dfid, step, partial)
  },

  getDirtyFlows: () => run.readWhole('getDirtyFlows', []),

  async getDirtyState(dfid) {
    const row = await run.read('getDirtyState', [id('dfid', dfid)], dfid)
    if (row === null) return null
    return {
      failedStep: row.failedStep,
      partialState: parseStored('saga_dirty_state', 'partial_state_json', row.partialStateJson),
    }
  },

  clearDirty: (dfid) => run.write('clearDirty', [id('dfid', dfid)], dfid),
})
