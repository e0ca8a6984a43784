import { protocol } from './protocol.ts'
import type { FlowPruning } from './pruning.ts'
import { type Exported, canonicalTime } from './record-rules.ts'
import type { Instant } from '../rules/time.ts'
import { id, jsonText, nullable, string } from '../rules/validate.ts'

/** What agents and flows know, as JSON text: the same bytes out as in. Source: `ContextStorage`. */
export interface ContextStorage {
  /** The same call as the handle's `init`. */
  initSchema(): Promise<void>
  /** The flow's session data, or null. Reading does not consume it. */
  getSession(dfid: string): Promise<string | null>
  /** Replaces the flow's session data; the last writer wins. To merge without losing others' changes: `updateSession`. */
  setSession(dfid: string, dataJson: string): Promise<void>
  /** Writes only if the stored text is still exactly `expectedJson` (null: still absent), in one step. @returns whether it wrote. */
  compareAndSetSession(dfid: string, expectedJson: string | null, dataJson: string): Promise<boolean>
  /** The agent's state, or null. */
  getState(agentId: string): Promise<string | null>
  /** Replaces the agent's state; the last writer wins. */
  setState(agentId: string, dataJson: string): Promise<void>
  /** As `compareAndSetSession`, for an agent's state. */
  compareAndSetState(agentId: string, expectedJson: string | null, dataJson: string): Promise<boolean>
}

/** The two tables of this protocol are alike. */
export type ContextKind = 'session' | 'state'

/** What an adapter reads; `id` is a dfid or an agent's id. */
export interface ContextReads {
  get(kind: ContextKind, id: string): string | null
}

/** What an adapter judges and writes. `pruneFlow` removes the session, whatever its age. */
export interface ContextWrites extends FlowPruning {
  set(kind: ContextKind, id: string, dataJson: string): void
  compareAndSet(kind: ContextKind, id: string, expectedJson: string | null, dataJson: string): boolean
  /** A condition of a batch: the session's text is exactly this (null: absent). */
  expectSession(dfid: string, expectedJson: string | null): boolean
}

/** What a batch can ask for. */
export interface ContextConditions {
  /** A condition: the flow's session is exactly this text (null: absent). */
  expectSession(dfid: string, expectedJson: string | null): void
}

export interface ContextExport extends Exported {
  readonly type: 'session' | 'state'
  readonly id: string
  readonly dataJson: string
  readonly updatedAt: Instant
}

const RECORD = { id, dataJson: jsonText, updatedAt: canonicalTime }

export const context = protocol<
  ContextStorage,
  ContextReads,
  ContextWrites,
  ContextExport,
  ContextConditions
>()({
  methods: (run) => {
    const table = (kind: ContextKind, argument: string) => ({
      get: (key: string) => run.read('get', [id(argument, key)], kind, key),
      set: (key: string, dataJson: string) =>
        run.write('set', [id(argument, key)], kind, key, jsonText('dataJson', dataJson, run.maxValueBytes)),
      compareAndSet: (key: string, expectedJson: string | null, dataJson: string) => {
        run.needs('compareAndSet')
        const expected = nullable(string, 'expectedJson', expectedJson)
        const data = jsonText('dataJson', dataJson, run.maxValueBytes)
        return run.write('compareAndSet', [id(argument, key)], kind, key, expected, data)
      },
    })
    const session = table('session', 'dfid')
    const state = table('state', 'agentId')
    return {
      getSession: session.get,
      setSession: session.set,
      compareAndSetSession: session.compareAndSet,
      getState: state.get,
      setState: state.set,
      compareAndSetState: state.compareAndSet,
    }
  },
  batch: ['setSession', 'compareAndSetSession', 'setState', 'compareAndSetState'],
  conditions: (run) => ({
    expectSession: (dfid, expectedJson) =>
      run.write('expectSession', [id('dfid', dfid)], dfid, nullable(string, 'expectedJson', expectedJson)),
  }),
  hasInitSchema: true,
  prunes: { flow: 'nothing' },
  capabilities: { compareAndSet: 'compareAndSetSession' },
  records: { session: RECORD, state: RECORD },
  sortedBy: { session: ['id'], state: ['id'] },
})
