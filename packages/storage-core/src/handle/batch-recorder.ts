import { namesInBatch } from './bound-methods.ts'
import { InvalidArgumentError } from '../errors/index.ts'
import { PROTOCOLS, type Protocol } from '../protocols/index.ts'

/** One operation as the callback recorded it. */
export interface RecordedCall {
  readonly protocol: Protocol
  /** A method of the batch's protocol, or a condition of the batch itself. */
  readonly method: string
  readonly args: readonly unknown[]
}

/** What an operation of a batch gives to its callback: its place among them. */
export class RecordedOperation {
  readonly recorder: BatchRecorder
  readonly index: number

  constructor(recorder: BatchRecorder, index: number) {
    this.recorder = recorder
    this.index = index
  }
}

/** Hands on what a callback records, as long as it runs. */
export class BatchRecorder {
  readonly #add: (call: RecordedCall) => void
  #isOver = false
  #count = 0

  constructor(add: (call: RecordedCall) => void) {
    this.#add = add
  }

  end(): void {
    this.#isOver = true
  }

  record(call: RecordedCall): RecordedOperation {
    if (this.#isOver) throw new InvalidArgumentError('batch', 'takes nothing after its callback has returned')
    this.#add(call)
    return new RecordedOperation(this, this.#count++)
  }
}

const RECORDER = Symbol('recorder')

interface OnRecorder {
  readonly [RECORDER]: BatchRecorder
}

type Getters = Record<string, (recorder: BatchRecorder) => unknown>

/** A class of objects that make what they have when it is asked for: a batch has some forty methods, and few are used. */
function onRecorder(getters: Getters): new (recorder: BatchRecorder) => object {
  class Lazy implements OnRecorder {
    readonly [RECORDER]: BatchRecorder

    constructor(recorder: BatchRecorder) {
      this[RECORDER] = recorder
    }
  }
  for (const [name, make] of Object.entries(getters))
    Object.defineProperty(Lazy.prototype, name, {
      enumerable: true,
      get(this: OnRecorder) {
        return make(this[RECORDER])
      },
    })
  return Lazy
}

function recording(protocol: Protocol, methods: readonly string[]): Getters {
  const making =
    (method: string) =>
    (recorder: BatchRecorder) =>
    (...args: unknown[]) =>
      recorder.record({ protocol, method, args })
  return Object.fromEntries(methods.map((method) => [method, making(method)]))
}

const members: Getters = {}
for (const protocol of PROTOCOLS) {
  const { methods, conditions } = namesInBatch(protocol)
  const Member = onRecorder(recording(protocol, methods))
  members[protocol] = (recorder) => new Member(recorder)
  Object.assign(members, recording(protocol, conditions))
}

const LazyBatch = onRecorder(members)

/** What the callback of `atomically` is called with. */
export function batchOn(recorder: BatchRecorder): object {
  return new LazyBatch(recorder)
}
