import { type RunnerFor, checkBatch, recordBatch, runRecorded } from './batch.ts'
import type { Protocol, StorageHandle } from '../protocols/bundle.ts'
import type { Capability } from '../rules/capabilities.ts'
import type { Call, Runner, Work } from '../adapter/call.ts'
import type { StorageDriver } from '../adapter/driver.ts'
import { UnsupportedError, locate } from '../errors/index.ts'
import type { Gate } from './gate.ts'
import { located } from './located.ts'
import { sizeOf } from './size.ts'

/** How a method hands over its write: on a handle it is committed, in a batch recorded. */
type Submit = (call: Call, waitMs: number | null) => Promise<unknown>

/** Turns the public methods of one handle into calls to its driver. */
export class Dispatcher {
  readonly #driver: StorageDriver
  readonly #gate: Gate
  readonly #timeoutMs: number
  readonly maxValueBytes: number

  constructor(
    driver: StorageDriver,
    gate: Gate,
    limits: { readonly timeoutMs: number; readonly maxValueBytes: number },
  ) {
    this.#driver = driver
    this.#gate = gate
    this.#timeoutMs = limits.timeoutMs
    this.maxValueBytes = limits.maxValueBytes
  }

  /** For calls that are carried out alone. */
  readonly alone: RunnerFor = (protocol, method) =>
    this.#runner(protocol, method, async (call, waitMs) => {
      const work = toWork([call], false, waitMs)
      const [answer] = await this.#gate.passWrite(() => this.#driver.write(work))
      return answer
    })

  readonly atomically: StorageHandle['atomically'] = (record) => {
    this.needs('atomically')
    const calls: Call[] = []
    const answers: ((answer: unknown) => void)[] = []
    const results: Promise<unknown>[] = []
    let waitMs: number | null = null
    const recorder: RunnerFor = (protocol, method) =>
      this.#runner(protocol, method, (call, wait) => {
        calls.push(call)
        waitMs = wait ?? waitMs
        return new Promise((resolve) => answers.push(resolve))
      })
    recordBatch(record, (recorded) => {
      try {
        const result = runRecorded(recorded, recorder)
        result.catch(() => {}) // it is awaited later; until then its rejection counts as handled
        results.push(result)
      } catch (error) {
        throw locate(error, this.#driver.backend, recorded.protocol, recorded.method)
      }
    })
    checkBatch(calls)
    if (calls.length === 0) return this.#gate.pass(() => Promise.all(results))
    const work = toWork(calls, true, waitMs)
    return this.#gate
      .passWrite(() => this.#driver.write(work))
      .then((all) => {
        for (const [index, answer] of all.entries()) answers[index]?.(answer)
        return Promise.all(results)
      })
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
  ): Call {
    const deadline = performance.now() + this.#timeoutMs
    return { protocol, method, operation, ids, whole: false, args, deadline }
  }

  read(call: Call): Promise<unknown> {
    const place = { backend: this.#driver.backend, protocol: call.protocol, method: call.method }
    return located(place, () => this.#gate.pass(() => this.#driver.read(call)))
  }

  #runner(protocol: Protocol, method: string, submit: Submit): Runner<never> {
    const call = (operation: string, ids: readonly string[], args: readonly unknown[]): Call =>
      this.newCall(protocol, method, operation, ids, args)
    const runner = {
      maxValueBytes: this.maxValueBytes,
      needs: (capability: Capability) => this.needs(capability),
      read: (operation: string, ids: readonly string[], ...args: unknown[]) =>
        this.read(call(operation, ids, args)),
      readWhole: (operation: string, ids: readonly string[], ...args: unknown[]) =>
        this.read({ ...call(operation, ids, args), whole: true }),
      write: (operation: string, ids: readonly string[], ...args: unknown[]) =>
        submit(call(operation, ids, args), null),
      writeWithin: (waitMs: number, operation: string, ids: readonly string[], ...args: unknown[]) =>
        submit(call(operation, ids, args), waitMs),
    }
    return runner as unknown as Runner<never>
  }
}

function toWork(calls: readonly Call[], atomic: boolean, waitMs: number | null): Work {
  const bytes = sizeOf(calls.map((call) => call.args))
  const deadline = Math.max(...calls.map((call) => call.deadline)) + (waitMs ?? 0)
  const accessDeadline = waitMs === null ? null : performance.now() + waitMs
  return { calls, atomic, bytes, deadline, accessDeadline }
}
