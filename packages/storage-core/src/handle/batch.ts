import type { Call } from '../adapter/call.ts'
import { InvalidArgumentError } from '../errors/index.ts'
import { namesInBatch } from './bound-methods.ts'
import {
  type BatchMethod,
  type Conditions,
  PROTOCOLS,
  type Protocol,
  type StorageBundle,
} from '../protocols/index.ts'
import { reading } from '../rules/validate.ts'

type Recorded<Method> = Method extends (...args: infer A) => unknown ? (...args: A) => void : never

type BatchProtocols = {
  readonly [P in Protocol]: { readonly [M in BatchMethod<P>]: Recorded<StorageBundle[P][M]> }
}

/** What the callback of `atomically` records on: the writes of the nine, and conditions of its own. */
export interface Batch extends BatchProtocols, Conditions {}

/** One operation as the callback recorded it. */
export interface RecordedCall {
  readonly protocol: Protocol
  /** A method of the batch's protocol, or a condition of the batch itself. */
  readonly method: string
  readonly args: readonly unknown[]
}

const CONTENTS = PROTOCOLS.map((protocol) => ({ protocol, ...namesInBatch(protocol) }))

/** Runs the callback of `atomically` on a batch that hands each of its operations to `add`, which may refuse it. */
export function recordBatch(record: (batch: Batch) => unknown, add: (call: RecordedCall) => void): void {
  if (typeof record !== 'function') throw new InvalidArgumentError('record', 'must be a function')
  let recording = true
  const recordOn = (target: Record<string, unknown>, protocol: Protocol, methods: readonly string[]) => {
    for (const method of methods)
      target[method] = (...args: unknown[]): void => {
        if (!recording)
          throw new InvalidArgumentError('batch', 'takes nothing after its callback has returned')
        add({ protocol, method, args })
      }
    return target
  }
  const members: Record<string, unknown> = {}
  for (const { protocol, methods, conditions } of CONTENTS) {
    members[protocol] = recordOn({}, protocol, methods)
    recordOn(members, protocol, conditions)
  }
  const batch: object = members
  let returned: unknown
  try {
    returned = record(batch as Batch)
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

/** Does on `batch` what was recorded on another. */
export function replay(calls: readonly RecordedCall[], batch: Batch): void {
  for (const { protocol, method, args } of calls) {
    const target = method in batch ? batch : batch[protocol]
    const act: unknown = Reflect.get(target, method)
    if (typeof act === 'function') Reflect.apply(act, target, args)
  }
}

const MAX_OPERATIONS = 1_000

/** Refuses a batch that is too large before anything is sent. */
export function checkBatch(calls: readonly Call[]): void {
  if (calls.length > MAX_OPERATIONS)
    throw new InvalidArgumentError('batch', `must hold at most ${MAX_OPERATIONS} operations`)
  const acquires = calls.filter((call) => call.protocol === 'resourceLock' && call.operation === 'acquire')
  if (acquires.length > 1) throw new InvalidArgumentError('batch', 'must hold at most one acquire')
}
