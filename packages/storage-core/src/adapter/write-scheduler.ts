import { CallOrder, type Ordered, allOf } from './call-order.ts'
import type { Call, Work } from './call.ts'
import { settleBy } from './deadline.ts'
import { ClosedError, type StorageError, TimeoutError } from '../errors/index.ts'
import { Room } from './room.ts'
import type { WriteQueue } from './write-queue.ts'

export interface WriteSchedulerOptions {
  /**
   * The queue in which a call shares commits with others of its kind, or null: it is carried out alone, beside
   * others. All calls that may concern one record must have the same answer.
   */
  readonly queueOf: (call: Call) => WriteQueue | null
  /** Carries out one piece of work of its own: a call without a queue, or what `atomically` recorded. */
  readonly execute: (work: Work) => Promise<readonly unknown[]>
  /** How many pieces of work may be under way outside the queues; default 10 000, and 64 MiB of them at most. */
  readonly most?: number
}

/**
 * Sends the writes of one handle to a server over several connections, beside one another where they concern
 * different records, and one after another where they concern the same. Bounded; everything settles by its deadline.
 */
export class WriteScheduler {
  readonly #queueOf: WriteSchedulerOptions['queueOf']
  readonly #execute: WriteSchedulerOptions['execute']
  readonly #room: Room
  /** The writes that are in no queue; a queue keeps its own in order. */
  readonly #loose = new CallOrder()
  readonly #underWay = new Set<Carried>()
  readonly #queues = new Set<WriteQueue>()
  #closed = false

  constructor({ queueOf, execute, most }: WriteSchedulerOptions) {
    this.#queueOf = queueOf
    this.#execute = execute
    this.#room = new Room(most)
  }

  write(work: Work): Promise<readonly unknown[]> {
    if (this.#closed) return Promise.reject(new ClosedError())
    const [first] = work.calls
    const queue = work.atomic || first === undefined ? null : this.#queueOf(first)
    if (queue !== null) return this.#enqueue(queue, work)
    const before = allOf(work.calls.map((call) => this.earlier(call)))
    return this.#track(work, () => this.#run(work, before, () => this.#execute(work)))
  }

  /** What a call must wait for before it is sent; undefined: nothing. */
  earlier(call: Pick<Call, 'protocol' | 'ids' | 'concernsAll'>): Promise<unknown> | undefined {
    return allOf([this.#loose.earlier(call), ...[...this.#queues].map((queue) => queue.earlierWrites(call))])
  }

  /** Takes nothing more and waits for what is there; what is left after `graceMs` rejects with `ClosedError`. */
  async close(graceMs: number): Promise<void> {
    this.#closed = true
    const deadline = performance.now() + graceMs
    const ends = Array.from(this.#underWay, ({ end }) => end)
    await Promise.all([...this.#queues].map((queue) => queue.close(graceMs)))
    await settleBy(deadline, Promise.allSettled(ends), () => new ClosedError()).catch(() => {})
    for (const { giveUp } of this.#underWay) giveUp()
  }

  #enqueue(queue: WriteQueue, work: Work): Promise<readonly unknown[]> {
    this.#queues.add(queue)
    // only a batch of `atomically` can concern the same record and not be in this queue
    const before = allOf(work.calls.map((call) => this.#loose.earlier(call)))
    if (before === undefined) return queue.push(work)
    return this.#track(work, () => this.#run(work, before, () => queue.push(work)))
  }

  #run(work: Work, before: Promise<unknown> | undefined, send: () => Promise<readonly unknown[]>): Carried {
    const start = performance.now()
    let [sent, givenUp] = [false, false]
    const act = async (): Promise<readonly unknown[]> => {
      await before
      // timers may come a moment early: what was given up unsent must never be sent
      if (givenUp) throw new ClosedError()
      if (performance.now() >= work.deadline) throw late()
      sent = true
      return send()
    }
    const late = (): StorageError => {
      givenUp = true
      const waited = performance.now() - start
      return sent
        ? new TimeoutError(waited, 'answer', { outcome: 'unknown' })
        : new TimeoutError(waited, 'order')
    }
    const end = act()
    const { promise: answer, resolve, reject } = Promise.withResolvers<readonly unknown[]>()
    settleBy(work.deadline, end, late).then(resolve, reject)
    const giveUp = (): void => {
      givenUp = true
      reject(new ClosedError({ outcome: sent ? 'unknown' : 'not-applied' }))
    }
    return { answer, end, giveUp }
  }

  #track({ calls, bytes }: Work, carry: () => Carried): Promise<readonly unknown[]> {
    const refusal = this.#room.take(bytes)
    if (refusal !== null) return Promise.reject(refusal)
    const { promise: settled, resolve } = Promise.withResolvers<void>()
    const write: Ordered = { calls, settled: () => settled, passed: () => settled }
    this.#loose.add(write)
    const carried = carry()
    this.#underWay.add(carried)
    const over = (): void => {
      this.#underWay.delete(carried)
      this.#room.free(bytes)
      this.#loose.remove(write)
      resolve()
    }
    carried.end.then(over, over)
    return carried.answer
  }
}

/** Work under way. */
interface Carried {
  /** What the caller is told, by its deadline. */
  readonly answer: Promise<readonly unknown[]>
  /** When it is really over, which may be later. Later writes to the same records wait for it, so that it cannot overtake them. */
  readonly end: Promise<readonly unknown[]>
  /** The handle closes. */
  readonly giveUp: () => void
}
