import { settleBy } from '../adapter/deadline.ts'
import type { JoinedTransaction, StorageDriver } from '../adapter/driver.ts'
import { InvalidArgumentError, type Outcome, TimeoutError, isStorageError } from '../errors/index.ts'

/** What each client does for us; a transaction takes one statement after the other. */
const turns = new WeakMap<object, Promise<unknown>>()

/** The transactions of the application that one handle has joined. */
export class Joins {
  readonly #driver: StorageDriver
  readonly #underWay = new Set<Promise<unknown>>()

  constructor(driver: StorageDriver) {
    this.#driver = driver
  }

  /** The part of a driver that carries calls out, inside the transaction that is open on `client`. */
  on(client: unknown): Pick<StorageDriver, 'backend' | 'capabilities' | 'read' | 'write'> {
    const { backend, capabilities } = this.#driver
    if ((typeof client !== 'object' && typeof client !== 'function') || client === null)
      throw new InvalidArgumentError('client', 'must be the client on which your transaction is open')
    const { read, write } = this.#join(client)
    return {
      backend,
      capabilities,
      read: (call) => this.#inTurn(client, call.deadline, 'not-applied', () => read(call)),
      write: (work) => this.#inTurn(client, work.deadline, 'unknown', () => write(work)),
    }
  }

  #join(client: object): JoinedTransaction {
    let joined: JoinedTransaction | undefined
    try {
      joined = this.#driver.join?.(client)
    } catch (error) {
      // whatever its members throw when they are looked at
      throw isStorageError(error) ? error : new InvalidArgumentError('client', 'cannot be asked what it is')
    }
    if (joined === undefined) throw new TypeError(`${this.#driver.backend} claims to join, and does not.`)
    return joined
  }

  /** Waits for what is under way, at most until then. */
  async settled(deadline: number): Promise<void> {
    const all = Promise.allSettled(this.#underWay)
    await settleBy(deadline, all, () => new Error('late')).catch(() => {})
  }

  /** `unanswered`: the outcome where it was begun, and not answered in time. */
  #inTurn<T>(client: object, deadline: number, unanswered: Outcome, act: () => Promise<T>): Promise<T> {
    const start = performance.now()
    let isSent = false
    const late = (): Error =>
      new TimeoutError(performance.now() - start, isSent ? 'answer' : 'order', {
        outcome: isSent ? unanswered : 'not-applied',
      })
    const begin = (): Promise<T> => {
      if (performance.now() >= deadline) throw late()
      isSent = true
      return act()
    }
    const turn = (turns.get(client) ?? Promise.resolve()).then(begin)
    turns.set(
      client,
      turn.catch(() => {}),
    )
    const answer = settleBy(deadline, turn, late)
    this.#underWay.add(answer)
    const forget = (): void => void this.#underWay.delete(answer)
    answer.then(forget, forget)
    return answer
  }
}
