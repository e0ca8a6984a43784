import { type FlowFilter, type FlowPageFilter, type FlowStatus, listedFlows } from './lifecycle-flows.ts'
import { type Page, protocol } from './protocol.ts'
import type { FlowPruning } from './pruning.ts'
import type { StoredDataError } from '../errors/index.ts'
import { type Exported, canonicalTime } from './record-rules.ts'
import type { Instant } from '../rules/time.ts'
import { id, nullable, optional, text } from '../rules/validate.ts'

export interface Transition {
  readonly dfid: string
  readonly fromStatus: string | null
  readonly toStatus: string
  readonly createdAt: Instant | null
  /** Only where a stored field cannot be read; that field is null. */
  readonly error?: StoredDataError
}

/** How each flow moved from status to status. Source: `LifecycleStorage`. */
export interface LifecycleStorage {
  /** Appends a transition and checks nothing. */
  recordTransition(dfid: string, fromStatus: string | null, toStatus: string): Promise<void>
  /** The flow's transitions, or everybody's, in the order of insertion. */
  getTransitions(dfid?: string): Promise<Transition[]>
  /** The `toStatus` of the flow's last transition, or null. */
  getCurrentStatus(dfid: string): Promise<string | null>
  /**
   * Goes through the flows that have a transition, each with where it stands: by its last transition in the order of
   * insertion, whatever the times say. They come in the order in which they got there (the insertion order of those
   * transitions), oldest first, page by page, up to what is there when it gets there. Each is as it was when its page was read;
   * one that moves meanwhile may come again with its new status or, with a filter, not at all.
   */
  listFlows(filter?: FlowFilter): AsyncIterable<FlowStatus>
  /**
   * Appends only if the flow's current status is still `fromStatus` (null: it has no transition yet), in one step.
   * @returns whether it did.
   */
  transition(dfid: string, fromStatus: string | null, toStatus: string): Promise<boolean>
}

/** What an adapter reads. */
export interface LifecycleReads {
  getTransitions(dfid: string | null): Transition[]
  getCurrentStatus(dfid: string): string | null
  /**
   * Those that `filter` takes of some 500 flows after `cursor` (null: from the start) in the order of their last transitions.
   * Of a status it looks at flows that are in it and at no others, so that a few among very many cost no more. It looks at no
   * more than those 500 at once, so that a page may be empty and not the last.
   */
  flowsPage(filter: FlowPageFilter, cursor: string | null): Page<FlowStatus>
}

/**
 * What an adapter judges and writes. `pruneFlow` asks whether the flow is in `status`, by a transition before `before` as its
 * last one, and removes its transitions.
 */
export interface LifecycleWrites extends FlowPruning {
  recordTransition(dfid: string, fromStatus: string | null, toStatus: string): void
  transition(dfid: string, fromStatus: string | null, toStatus: string): boolean
  /** A condition of a batch: the current status is this (null: no transition yet). */
  expectStatus(dfid: string, status: string | null): boolean
}

/** What a batch can ask for. */
export interface LifecycleConditions {
  /** A condition: the flow's current status is this (null: it has no transition yet). */
  expectStatus(dfid: string, status: string | null): void
}

/** In the order of insertion. */
export interface TransitionExport extends Exported {
  readonly type: 'transition'
  readonly dfid: string
  readonly fromStatus: string | null
  readonly toStatus: string
  readonly createdAt: Instant
}

export const lifecycle = protocol<
  LifecycleStorage,
  LifecycleReads,
  LifecycleWrites,
  TransitionExport,
  LifecycleConditions
>()({
  methods: (run) => ({
    recordTransition: (dfid, fromStatus, toStatus) =>
      run.write(
        'recordTransition',
        [id('dfid', dfid)],
        dfid,
        nullable(text, 'fromStatus', fromStatus),
        text('toStatus', toStatus),
      ),

    getTransitions(dfid) {
      const only = optional(id, 'dfid', dfid)
      return only === null
        ? run.readAll('getTransitions', [], null)
        : run.read('getTransitions', [only], only)
    },

    getCurrentStatus: (dfid) => run.read('getCurrentStatus', [id('dfid', dfid)], dfid),

    listFlows: (given) =>
      listedFlows(given, (filter, cursor) => run.readAll('flowsPage', [], filter, cursor)),

    transition(dfid, fromStatus, toStatus) {
      run.needs('transition')
      const from = nullable(text, 'fromStatus', fromStatus)
      return run.write('transition', [id('dfid', dfid)], dfid, from, text('toStatus', toStatus))
    },
  }),
  iterables: ['listFlows'],
  batch: ['recordTransition', 'transition'],
  conditions: (run) => ({
    expectStatus: (dfid, status) =>
      run.write('expectStatus', [id('dfid', dfid)], dfid, nullable(text, 'status', status)),
  }),
  hasInitSchema: false,
  prunes: { flow: 'nothing' },
  capabilities: { transition: 'transition' },
  records: { transition: { dfid: id, fromStatus: [text], toStatus: text, createdAt: canonicalTime } },
})
