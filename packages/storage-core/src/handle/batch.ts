import type { Protocol, StorageBundle } from '../protocols/bundle.ts'
import type { Call, Runner } from '../adapter/call.ts'
import type { ContextOperations } from '../protocols/context.ts'
import { InvalidArgumentError } from '../errors/index.ts'
import type { LifecycleOperations } from '../protocols/lifecycle.ts'
import { METHODS } from '../protocols/index.ts'
import { id, nullable, reading, string, text } from '../rules/validate.ts'

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
  const names = Object.keys(create(protocol, runnerFor(protocol, '')))
  return Object.fromEntries(
    names.map((name) => [name, create(protocol, runnerFor(protocol, name))[name] as Act]),
  )
}

function create(protocol: Protocol, run: Runner<never>): Record<string, Act> {
  return (METHODS[protocol] as unknown as (run: Runner<never>) => Record<string, Act>)(run)
}

/** One operation as the callback recorded it. */
export interface RecordedCall {
  readonly protocol: Protocol
  /** A method of the batch's protocol, or one of its two conditions. */
  readonly method: string
  readonly args: readonly unknown[]
}

/** Runs the callback of `atomically` on a batch that hands each of its operations to `add`, which may refuse it. */
export function recordBatch(record: (batch: Batch) => unknown, add: (call: RecordedCall) => void): void {
  if (typeof record !== 'function') throw new InvalidArgumentError('record', 'must be a function')
  let recording = true
  const recorder = (protocol: Protocol, method: string) => {
    return (...args: unknown[]): void => {
      if (!recording) throw new InvalidArgumentError('batch', 'takes nothing after its callback has returned')
      add({ protocol, method, args })
    }
  }
  const protocols = Object.entries(BATCH_METHODS).map(([name, methods]) => {
    const protocol = name as Protocol
    return [protocol, Object.fromEntries(methods.map((method) => [method, recorder(protocol, method)]))]
  })
  let returned: unknown
  try {
    returned = record({
      ...(Object.fromEntries(protocols) as BatchProtocols),
      expectStatus: recorder('lifecycle', 'expectStatus'),
      expectSession: recorder('context', 'expectSession'),
    })
  } finally {
    recording = false
  }
  const isThenable = (): boolean => typeof (returned as { then?: unknown } | undefined)?.then === 'function'
  if (reading('record', isThenable)) {
    Promise.resolve(returned).catch(() => {}) // what it does later fails, and nobody else would handle that
    throw new InvalidArgumentError(
      'record',
      'must be a synchronous function: what it does after its first await is not in the batch',
    )
  }
}

/** Runs one recorded operation on a runner. */
export function runRecorded(
  { protocol, method, args }: RecordedCall,
  runnerFor: RunnerFor,
): Promise<unknown> {
  if (method === 'expectStatus') {
    const [dfid, status] = args
    const run = runnerFor(protocol, method) as unknown as Runner<LifecycleOperations>
    const flow = id('dfid', dfid)
    return run.write('expectStatus', [flow], flow, nullable(text, 'status', status))
  }
  if (method === 'expectSession') {
    const [dfid, expectedJson] = args
    const run = runnerFor(protocol, method) as unknown as Runner<ContextOperations>
    const flow = id('dfid', dfid)
    return run.write('expectSession', [flow], flow, nullable(string, 'expectedJson', expectedJson))
  }
  return (create(protocol, runnerFor(protocol, method))[method] as Act)(...args)
}

const MAX_OPERATIONS = 1_000

/** Refuses a batch that is too large before anything is sent. */
export function checkBatch(calls: readonly Call[]): void {
  if (calls.length > MAX_OPERATIONS)
    throw new InvalidArgumentError('batch', `must hold at most ${MAX_OPERATIONS} operations`)
  if (calls.filter((call) => call.operation === 'acquire').length > 1)
    throw new InvalidArgumentError('batch', 'must hold at most one acquire')
}
