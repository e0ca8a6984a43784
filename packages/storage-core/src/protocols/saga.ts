import { protocol } from './protocol.ts'
import { type Exported, canonicalTime } from './record-rules.ts'
import type { Instant } from '../rules/time.ts'
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

/** In the order of the marks. */
export interface DirtyFlowExport extends Exported {
  readonly type: 'dirtyFlow'
  readonly dfid: string
  readonly failedStep: string
  readonly partialStateJson: string
  readonly createdAt: Instant
}

export const saga = protocol<SagaStorage, SagaReads, SagaWrites, DirtyFlowExport>()({
  methods: (run) => ({
    markDirty(dfid, failedStep, partialStateJson) {
      const step = text('failedStep', failedStep)
      const partial = jsonText('partialStateJson', partialStateJson, run.maxValueBytes)
      return run.write('markDirty', [id('dfid', dfid)], dfid, step, partial)
    },

    getDirtyFlows: () => run.readAll('getDirtyFlows', []),

    async getDirtyState(dfid) {
      const row = await run.read('getDirtyState', [id('dfid', dfid)], dfid)
      if (row === null) return null
      return {
        failedStep: row.failedStep,
        partialState: parseStored('saga_dirty_state', 'partial_state_json', row.partialStateJson),
      }
    },

    clearDirty: (dfid) => run.write('clearDirty', [id('dfid', dfid)], dfid),
  }),
  batch: ['markDirty', 'clearDirty'],
  hasInitSchema: true,
  records: {
    dirtyFlow: { dfid: id, failedStep: text, partialStateJson: jsonText, createdAt: canonicalTime },
  },
})
