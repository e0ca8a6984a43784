import { type Atomically, checkBatch, recordBatch, withPlace } from './batch.ts'
import { type RunnerFor, bindForBatch } from './bound-methods.ts'
import { currentCall } from './call-tracing.ts'
import { PROTOCOLS, type Protocol } from '../protocols/index.ts'
import type { AnyMethods, AnyRunner, Changes } from '../protocols/protocol.ts'
import type { Capability } from '../rules/capabilities.ts'
import type { Call, Work } from '../adapter/call.ts'
import type { StorageDriver } from '../adapter/driver.ts'
import { UnsupportedError, locate } from '../errors/index.ts'
import type { HandleState } from './handle-state.ts'
import type { Numbers } from '../rules/stored.ts'
import { sizeOf } from './size.ts'

/** How a method hands over its write: on a handle it is committed, in a batch recorded. */
type Submit = (call: Call, waitMs: number | null) => Promise<unknown>

/** What the callback of `atomically` has recorded so far. */
interface Recording {
  /** Of each operation, the promise of what it answers. */
  readonly results: Promise<unknown>[]
  /** What of them is to be written: `recordMany([])` for one is no call. */
  readonly calls: Call[]
  /** Of each call, its place among the operations. */
  readonly places: number[]
  readonly answer: ((answer: unknown) => void)[]
  waitMs: number | null
}

/** What every call of a handle goes by. */
interface Settings {
  readonly timeoutMs: number
  readonly maxValueBytes: number
  readonly numbers: Numbers
}

/** Turns the public methods of one handle into calls to its driver. */
export class Dispatcher {
  readonly #driver: Pick<StorageDriver, 'backend' | 'capabilities' | 'read' | 'write'>
  readonly #state: HandleState
  readonly #settings: Settings
  readonly #changes: () => Changes
  /** What a batch takes, by protocol; made when the first one comes. */
  #batchMethods: ReadonlyMap<Protocol, AnyMethods> | undefined
  #recording: Recording | undefined

  constructor(
    driver: Pick<StorageDriver, 'backend' | 'capabilities' | 'read' | 'write'>,
    state: HandleState,
    settings: Settings,
    changes: () => Changes,
  ) {
    this.#changes = changes
    this.#driver = driver
    this.#state = state
    this.#settings = settings
  }

  /** For calls that are carried out alone. */
  readonly alone: RunnerFor = (protocol, method) =>
    this.#runner(protocol, method, (call, waitMs) => this.write(call, waitMs))

  readonly atomically: Atomically = (record) => {
    this.needs('atomically')
    const recording: Recording = { results: [], calls: [], places: [], answer: [], waitMs: null }
    const pick = this.#record(record, recording)
    const { results, calls, places, answer, waitMs } = recording
    const trace = currentCall()
    if (trace !== undefined) trace.operations = results.length
    checkBatch(calls)
    if (calls.length === 0) return this.#state.whenOpen(() => Promise.all(results).then(pick))
    return this.writeTogether(calls, waitMs).then(
      (all) => {
        for (const [index, one] of all.entries()) answer[index]?.(one)
        return Promise.all(results).then(pick)
      },
      (error: unknown) => {
        throw withPlace(error, calls, places)
      },
    )
  }

  async write(call: Call, waitMs: number | null = null): Promise<unknown> {
    const work = toWork([call], false, waitMs)
    const [answer] = await this.#state.whenWritable(() => this.#driver.write(work))
    return answer
  }

  /** As `Work.atomic` says. */
  writeTogether(calls: readonly Call[], waitMs: number | null = null): Promise<readonly unknown[]> {
    const work = toWork(calls, true, waitMs)
    return this.#state.whenWritable(() => this.#driver.write(work))
  }

  needs(capability: Capability): void {
    if (!this.#driver.capabilities.has(capability))
      throw new UnsupportedError(
        capability,
        `${this.#driver.backend} does not have it; use a backend that claims it, alone or by mixStorage().`,
      )
  }

  newCall(
    protocol: Protocol,
    method: string,
    operation: string,
    ids: readonly string[],
    args: readonly unknown[],
    concernsAll: boolean,
  ): Call {
    const deadline = performance.now() + this.#settings.timeoutMs
    const trace = currentCall()
    trace?.ids?.push(...ids)
    return { protocol, method, operation, ids, concernsAll, args, deadline, trace } as Call
  }

  read(call: Call): Promise<unknown> {
    return this.#state.whenOpen(() => this.#driver.read(call))
  }

  /** Runs the callback. @returns what picks of its operations' results those that are asked for. */
  #record(record: Parameters<Atomically>[0], recording: Recording): ReturnType<typeof recordBatch> {
    this.#batchMethods ??= new Map(
      PROTOCOLS.map((protocol) => [protocol, bindForBatch(protocol, this.#recorder)]),
    )
    const bound = this.#batchMethods
    return recordBatch(record, ({ protocol, method, args }) => {
      const outer = this.#recording // a callback may call `atomically` itself
      this.#recording = recording
      try {
        const result = Promise.resolve(bound.get(protocol)?.[method]?.(...args))
        result.catch(() => {}) // it is awaited later; until then its rejection counts as handled
        recording.results.push(result)
      } catch (error) {
        throw locate(error, this.#driver.backend, protocol, method)
      } finally {
        this.#recording = outer
      }
    })
  }

  readonly #recorder: RunnerFor = (protocol, method) =>
    this.#runner(protocol, method, (call, waitMs) => {
      const recording = this.#recording
      if (recording === undefined) throw new TypeError(`${method} was not called while a batch was recorded`)
      recording.calls.push(call)
      recording.places.push(recording.results.length)
      recording.waitMs = waitMs ?? recording.waitMs
      return new Promise((resolve) => recording.answer.push(resolve))
    })

  #runner(protocol: Protocol, method: string, submit: Submit): AnyRunner {
    const call = (
      operation: string,
      ids: readonly string[],
      args: readonly unknown[],
      concernsAll = false,
    ): Call => this.newCall(protocol, method, operation, ids, args, concernsAll)
    const { maxValueBytes, numbers } = this.#settings
    return {
      maxValueBytes,
      numbers,
      needs: (capability) => this.needs(capability),
      changes: this.#changes,
      read: (operation, ids, ...args) => this.read(call(operation, ids, args)),
      readAll: (operation, ids, ...args) => this.read(call(operation, ids, args, true)),
      write: (operation, ids, ...args) => submit(call(operation, ids, args), null),
      writeWithin: (waitMs, operation, ids, ...args) => submit(call(operation, ids, args), waitMs),
    }
  }
}

function toWork(calls: readonly Call[], atomic: boolean, waitMs: number | null): Work {
  const bytes = sizeOf(calls.map((call) => call.args))
  const deadline = Math.max(...calls.map((call) => call.deadline)) + (waitMs ?? 0)
  const accessDeadline = waitMs === null ? null : performance.now() + waitMs
  return { calls, atomic, bytes, deadline, accessDeadline }
}
