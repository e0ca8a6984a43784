import type { Call } from '../adapter/call.ts'
import { conditionFailed } from '../adapter/refusals.ts'
import { InvalidArgumentError, isStorageError, locate } from '../errors/index.ts'
import { namesInBatch } from './bound-methods.ts'
import {
  type BatchMethod,
  type Conditions,
  PROTOCOLS,
  type Protocol,
  type StorageBundle,
} from '../protocols/index.ts'
import { reading } from '../rules/validate.ts'

declare const ANSWER: unique symbol

/** What an operation of a batch will answer. `atomically` answers with what its callback returns a list of. */
export interface Recorded<Answer> {
  readonly [ANSWER]?: Answer
}

/** A batch that is answered has no operation that did not apply. */
type Applied<Answer> = Answer extends boolean ? true : Exclude<Answer, null>

type Recording<Method> = Method extends (...args: infer A) => Promise<infer R>
  ? (...args: A) => Recorded<Applied<R>>
  : never

type BatchProtocols = {
  readonly [P in Protocol]: {
    readonly [M in keyof StorageBundle[P] as M extends BatchMethod<P> ? M : never]: Recording<
      StorageBundle[P][M]
    >
  }
}

/** What the callback of `atomically` records on: the writes of the nine, and conditions of its own. */
export interface Batch extends BatchProtocols, Conditions {}

/** What `atomically` answers, by what its callback returned. */
export type AnswersOf<Returned extends readonly Recorded<unknown>[]> = {
  -readonly [K in keyof Returned]: Returned[K] extends Recorded<infer Answer> ? Answer : never
}

/** `atomically`, to those who implement it. */
export type Atomically = (record: (batch: Batch) => unknown) => Promise<unknown[]>

/** Its place among the operations of its batch. */
class RecordedOperation {
  /** Stands for the batch, which is let go of with its forty methods while its operations wait. */
  readonly batch: object
  readonly index: number

  constructor(batch: object, index: number) {
    this.batch = batch
    this.index = index
  }
}

/** One operation as the callback recorded it. */
export interface RecordedCall {
  readonly protocol: Protocol
  /** A method of the batch's protocol, or a condition of the batch itself. */
  readonly method: string
  readonly args: readonly unknown[]
}

const CONTENTS = PROTOCOLS.map((protocol) => ({ protocol, ...namesInBatch(protocol) }))

/**
 * Runs the callback of `atomically` on a batch that hands each of its operations to `add`, which may refuse it.
 * @returns how the answers of all of them become the caller's.
 */
export function recordBatch(
  record: (batch: Batch) => unknown,
  add: (call: RecordedCall) => void,
): (all: unknown[]) => unknown[] {
  if (typeof record !== 'function') throw new InvalidArgumentError('record', 'must be a function')
  const mark = {}
  let recording = true
  let count = 0
  const members: Record<string, unknown> = {}
  const recordOn = (target: Record<string, unknown>, protocol: Protocol, methods: readonly string[]) => {
    for (const method of methods)
      target[method] = (...args: unknown[]): RecordedOperation => {
        if (!recording)
          throw new InvalidArgumentError('batch', 'takes nothing after its callback has returned')
        add({ protocol, method, args })
        return new RecordedOperation(mark, count++)
      }
    return target
  }
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
  return picking(returned, mark)
}

/** A callback that returns a list of what it recorded is answered by that list, any other by all. */
function picking(returned: unknown, batch: object): (all: unknown[]) => unknown[] {
  const list: readonly unknown[] = Array.isArray(returned) ? returned : [null]
  if (!list.every((one) => one instanceof RecordedOperation)) {
    if (!list.some((one) => one instanceof RecordedOperation)) return (all) => all
    throw new InvalidArgumentError('record', 'must return nothing but what it recorded, or anything else')
  }
  if (!list.every((one) => one.batch === batch))
    throw new InvalidArgumentError('record', 'must not return what it recorded on another batch')
  return (all) => list.map(({ index }) => all[index])
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

/** A refusal says where among the calls its condition stands; callers know its place among the operations. */
export function withPlace(error: unknown, calls: readonly Call[], places: readonly number[]): unknown {
  if (!isStorageError(error, 'STORAGE_CONFLICT') || error.position === null) return error
  const [call, place] = [calls[error.position], places[error.position]]
  if (call === undefined || place === undefined || place === error.position) return error
  const { protocol, method } = call
  return locate(conditionFailed({ [place]: call }, place, error.found), '', protocol, method)
}
