import { fromPages } from './pages.ts'
import { type Page, protocol } from './protocol.ts'
import type { FlowPruning } from './pruning.ts'
import type { StoredDataError } from '../errors/index.ts'
import { type Exported, canonicalTime } from './record-rules.ts'
import type { Instant } from '../rules/time.ts'
import { checkedOptions } from '../rules/fields.ts'
import { ageMicros, id, jsonText, text } from '../rules/validate.ts'
import { type Numbers, parseListed, parseStored } from '../rules/stored.ts'

export interface DirtyState {
  readonly failedStep: string
  /** The parsed `partialStateJson`. */
  readonly partialState: unknown
  /** As it is stored. */
  readonly partialStateJson: string
}

export interface DirtyFlow extends Omit<DirtyState, 'partialStateJson'> {
  readonly dfid: string
  /** As it is stored, also where it cannot be parsed; null where it is no text. */
  readonly partialStateJson: string | null
  /** When it was marked last. */
  readonly markedAt: Instant | null
  /** Only where a stored field cannot be read; that field is null. */
  readonly error?: StoredDataError
}

export interface DirtyFlowFilter {
  /**
   * Only those whose `markedAt` lies so many seconds back or more, by the backend's clock when their page is read. Nobody
   * knows the age of one whose `markedAt` cannot be read: it is among them, with its error.
   */
  readonly olderThanSec?: number
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
  /**
   * Goes through the marked flows with their marks, in the order of `getDirtyFlows`, page by page, up to what is there when
   * it gets there. Each is as it was when its page was read; one that is marked again counts as new, and so comes again if it
   * came before. One of which something cannot be read is there with its `error`. A page costs a look at some 500 at most.
   */
  listDirtyFlows(filter?: DirtyFlowFilter): AsyncIterable<DirtyFlow>
}

export type DirtyRow = Omit<DirtyState, 'partialState'>

/** A mark in a list. What an adapter cannot read of one is null, against the type, beside the `error`. */
export type DirtyFlowRow = Omit<DirtyFlow, 'partialState'>

/** What an adapter reads. */
export interface SagaReads {
  getDirtyFlows(): string[]
  getDirtyState(dfid: string): DirtyRow | null
  /**
   * Those marked at or before now − `leastAgeMicros` (null: at any time) of some 500 flows after `cursor` (null: from the
   * start), in the order of the marks. Looks at no more of them at once, so that a page may be empty and not the last.
   */
  dirtyFlowsPage(leastAgeMicros: number | null, cursor: string | null): Page<DirtyFlowRow>
}

/** What an adapter judges and writes. `pruneFlow` asks whether the flow is not marked as dirty, and has nothing to remove. */
export interface SagaWrites extends FlowPruning {
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

const [TABLE, COLUMN] = ['saga_dirty_state', 'partial_state_json'] as const

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
      return { ...row, partialState: parseStored(TABLE, COLUMN, row.partialStateJson, run.numbers) }
    },

    clearDirty: (dfid) => run.write('clearDirty', [id('dfid', dfid)], dfid),

    async *listDirtyFlows(given) {
      const { olderThanSec } = checkedOptions(given, { olderThanSec: ageMicros })
      const ask = (cursor: string | null) => run.readAll('dirtyFlowsPage', [], olderThanSec, cursor)
      for await (const row of fromPages(ask)) yield toListed(row, run.numbers)
    },
  }),
  iterables: ['listDirtyFlows'],
  batch: ['markDirty', 'clearDirty'],
  hasInitSchema: true,
  prunes: { flow: 'nothing' },
  records: {
    dirtyFlow: { dfid: id, failedStep: text, partialStateJson: jsonText, createdAt: canonicalTime },
  },
})

function toListed({ error, ...row }: DirtyFlowRow, numbers: Numbers): DirtyFlow {
  const partialState = parseListed(TABLE, COLUMN, row.partialStateJson, numbers)
  const trouble = error ?? partialState.error
  const flow = { ...row, partialState: partialState.value }
  return trouble === undefined ? flow : { ...flow, error: trouble }
}
