import { protocol } from './protocol.ts'
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
   * Appends only if the flow's current status is still `fromStatus` (null: it has no transition yet), in one step.
   * @returns whether it did.
   */
  transition(dfid: string, fromStatus: string | null, toStatus: string): Promise<boolean>
}

/** What an adapter reads. */
export interface LifecycleReads {
  getTransitions(dfid: string | null): Transition[]
  getCurrentStatus(dfid: string): string | null
}

/** What an adapter judges and writes. */
export interface LifecycleWrites {
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

    transition(dfid, fromStatus, toStatus) {
      run.needs('transition')
      const from = nullable(text, 'fromStatus', fromStatus)
      return run.write('transition', [id('dfid', dfid)], dfid, from, text('toStatus', toStatus))
    },
  }),
  batch: ['recordTransition', 'transition'],
  conditions: (run) => ({
    expectStatus: (dfid, status) =>
      run.write('expectStatus', [id('dfid', dfid)], dfid, nullable(text, 'status', status)),
  }),
  hasInitSchema: false,
  capabilities: { transition: 'transition' },
  records: { transition: { dfid: id, fromStatus: [text], toStatus: text, createdAt: canonicalTime } },
})
