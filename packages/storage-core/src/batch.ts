import type { Protocol, StorageBundle } from './bundle.ts'
import type { Call, Runner } from './call.ts'
import type { ContextOperations } from './context.ts'
import { InvalidArgumentError } from './errors.ts'
import type { LifecycleOperations } from './lifecycle.ts'
import { METHODS } from './methods.ts'
import { id, nullable, string, text } from './validate.ts'

/** The methods that a batch takes: every write except those whose answer decides what comes next. */
const BATCH_METHODS = {
  agentRegistry: ['upsertAgent', 'updateStatus'],
  context: ['setSession', 'compareAndSetSession', 'setState', 'compareAndSetState'],
  idempotency: ['set', 'complete', 'abandon'],
  decisionAudit: ['record', 'recordMany'],
  saga: ['markDirty', 'clearDirty'],
  resourceLock: ['acquireBatch', 'acquire', 'release', 'renew'],
  intentRetry: ['setCount', 'delete', 'increment'],
  escalation: ['recordBudgetToken', 'insertRequest', 'resolveRequest'],
  lifecycle: ['recordTransition', 'transition'],
} as const satisfies { readonly [P in Protocol]: readonly (keyof StorageBundle[P])[] }

type Recorded<Method> = Method extends (...args: infer A) => unknown ? (...args: A) => void : never

type BatchProtocols = {
  readonly [P in Protocol]: {
    readonly [M in (typeof BATCH_METHODS)[P][number] & keyof StorageBundle[P]]: Recorded<StorageBundle[P][M]>
  }
}

/** What the callback of `atomically` records on: the writes of the nine, and two conditions of its own. */
export interface Batch extends BatchProtocols {
  /** A condition: the flow's current status is this (null: it has no transition yet). */
  expectStatus(dfid: string, status: string | null): void
  /** A condition: the flow's session is exactly this text (null: absent). */
  expectSession(dfid: string, expectedJson: string | null): void
}

export type RunnerFor = (protocol: Protocol, method: string) => Runner<never>

type Act = (...args: unknown[]) => Promise<unknown>

/** The public methods of a protocol by name, each on a runner of its own that knows its name. */
export function bindMethods(protocol: Protocol, runnerFor: RunnerFor): Readonly<Record<string, Act>> {
  const create = METHODS[protocol] as unknown as (run: Runner<never>) => Record<string, Act>
  const names = Object.keys(create(runnerFor(protocol, '')))
  return Object.fromEntries(names.map((name) => [name, create(runnerFor(protocol, name))[name] as Act]))
}

/** Has the callback of `atomically` record its operations. @returns a promise of each one's result, in that order. */
export function createBatch(runnerFor: RunnerFor, record: (batch: Batch) => unknown): Promise<unknown>[] {
  const results: Promise<unknown>[] = []
  let recording = true
  const add = (act: Act) => {
    return (...args: unknown[]): void => {
      if (!recording) throw new InvalidArgumentError('batch', 'takes nothing after its callback has returned')
      const result = act(...args)
      result.catch(() => {}) // it is awaited later; until then its rejection counts as handled
      results.push(result)
    }
  }
  const protocols = Object.entries(BATCH_METHODS).map(([name, methods]) => {
    const bound = bindMethods(name as Protocol, runnerFor)
    return [name, Object.fromEntries(methods.map((method) => [method, add(bound[method] as Act)]))]
  })
  const expectStatus = add((dfid, status) => {
    const run = runnerFor('lifecycle', 'expectStatus') as unknown as Runner<LifecycleOperations>
    const flow = id('dfid', dfid)
    return run.write('expectStatus', [flow], flow, nullable(text, 'status', status))
  })
  const expectSession = add((dfid, expectedJson) => {
    const run = runnerFor('context', 'expectSession') as unknown as Runner<ContextOperations>
    const flow = id('dfid', dfid)
    return run.write('expectSession', [flow], flow, nullable(string, 'expectedJson', expectedJson))
  })
  const returned = record({
    ...(Object.fromEntries(protocols) as BatchProtocols),
    expectStatus,
    expectSession,
  })
  recording = false
  if (typeof (returned as { then?: unknown } | undefined)?.then === 'function')
    throw new InvalidArgumentError(
      'record',
      'must be a synchronous function: what it does after its first await is not in the batch',
    )
  return results
}

const MAX_OPERATIONS = 1_000

/** Refuses a batch that is too large before anything is sent. */
export function checkBatch(calls: readonly Call[]): void {
  if (calls.length > MAX_OPERATIONS)
    throw new InvalidArgumentError('batch', `must hold at most ${MAX_OPERATIONS} operations`)
  if (calls.filter((call) => call.operation === 'acquire').length > 1)
    throw new InvalidArgumentError('batch', 'must hold at most one acquire')
}
