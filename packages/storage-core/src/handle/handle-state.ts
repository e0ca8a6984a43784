import type { StorageDriver } from '../adapter/driver.ts'
import { nextTurn, settleBy } from '../adapter/deadline.ts'
import { importUnfinished } from '../adapter/refusals.ts'
import { ClosedError, ConflictError } from '../errors/index.ts'
import { copyOf } from '../errors/storage-error.ts'
import { EffectsUnderWay } from './effects.ts'
import { CallsUnderWay } from './under-way.ts'

/** How long `close` lets the driver wait for what is under way, and how long it waits for the driver to be done. */
const CLOSE_GRACE_MS = 4_500
const CLOSE_LIMIT_MS = 5_000

/** The states of a handle: not open yet, open, being filled by an import, draining, closing, closed. */
export class HandleState {
  readonly #driver: StorageDriver
  readonly #create: boolean
  #ready: Promise<void> | undefined
  #open = false
  #waiting = 0
  readonly #underWay = new CallsUnderWay()
  readonly effects: EffectsUnderWay = new EffectsUnderWay()
  #isDraining = false
  #filling = false
  /** While the store is being filled, and after an interruption until it is. */
  #refusesWrites = false
  #closing: Promise<void> | undefined
  readonly #closed = Promise.withResolvers<never>()

  constructor(driver: StorageDriver, create: boolean) {
    this.#driver = driver
    this.#create = create
    this.#closed.promise.catch(() => {}) // mostly nobody waits
  }

  /** Rejects with `ClosedError` as soon as the handle closes. */
  get closed(): Promise<never> {
    return this.#closed.promise
  }

  get isClosing(): boolean {
    return this.#closing !== undefined
  }

  /** Runs `act` once the schema is there; at once where it is, so that calls keep their order. */
  whenOpen<T>(act: () => Promise<T>): Promise<T> {
    return this.#pass(act, false)
  }

  /** `whenOpen`, for writes other than those of an import. */
  whenWritable<T>(act: () => Promise<T>): Promise<T> {
    if (this.#refusesWrites) return Promise.reject(importUnfinished())
    return this.#pass(act, true)
  }

  #pass<T>(act: () => Promise<T>, isWrite: boolean): Promise<T> {
    if (this.#isDraining ? !this.effects.includesCaller() : this.isClosing)
      return Promise.reject(new ClosedError())
    this.effects.note()
    return this.#underWay.track(isWrite, (call) => {
      const begin = (): Promise<T> => {
        call.hasBegun = true
        return act()
      }
      if (this.#open && this.#waiting === 0) return begin()
      // whoever waited for init goes first, so a call takes the short way only when all of them have gone
      this.#waiting++
      return this.#init().then(
        () => {
          this.#waiting--
          if (this.#underWay.has(call)) return begin()
          throw new ClosedError() // nobody waits for it any more
        },
        (error: unknown) => {
          this.#waiting--
          throw copyOf(error)
        },
      )
    })
  }

  /** Makes the schema ready, once; after a failure the next call tries again. */
  #init(): Promise<void> {
    this.#ready ??= this.#driver.init(this.#create).then(
      () => void (this.#open = true),
      (error: unknown) => {
        this.#ready = undefined
        throw error
      },
    )
    return this.#ready
  }

  /**
   * Runs an import: it sees every write issued before, and refuses every later one until it has succeeded. `marked` tells
   * whether the store has its mark; an import that fails without leaves the handle as it was.
   */
  async fill<T>(act: (marked: (isMarked: boolean) => void) => Promise<T>): Promise<T> {
    if (this.isClosing) throw new ClosedError()
    if (this.#filling) throw new ConflictError('This handle runs an import already. Wait for its end.')
    const refused = this.#refusesWrites
    let isMarked = false
    this.#filling = true
    this.#refusesWrites = true
    try {
      await this.#underWay.writes()
      const answer = await this.#underWay.track(true, (call) => {
        call.hasBegun = true
        return act((isNow) => (isMarked = isNow))
      })
      this.#refusesWrites = false
      this.#ready = Promise.resolve()
      this.#open = true
      return answer
    } catch (error) {
      // an earlier import may have ended without being told so
      if (!isMarked) this.#refusesWrites = refused && !(await this.#isFilled())
      throw error
    } finally {
      this.#filling = false
    }
  }

  /** Whether the store holds no mark of an import. */
  #isFilled(): Promise<boolean> {
    return this.#driver.init(false).then(
      () => true,
      () => false,
    )
  }

  close(drainMs: number): Promise<void> {
    this.#closed.reject(new ClosedError())
    this.#closing ??= this.#close(drainMs)
    return this.#closing
  }

  async #close(drainMs: number): Promise<void> {
    this.#isDraining = true
    await this.effects.drain(drainMs)
    this.#isDraining = false
    const start = performance.now()
    const late = (): Error => new ClosedError()
    const grace = start + CLOSE_GRACE_MS
    await settleBy(grace, this.#ready?.catch(() => {}) ?? Promise.resolve(), late).catch(() => {
      this.#underWay.giveUp((call) => !call.hasBegun)
    })
    const driver = this.#driver.close(Math.max(0, grace - performance.now()))
    const failure = await settleBy(start + CLOSE_LIMIT_MS, driver, late).catch((error: unknown) => error)
    await new Promise<void>(nextTurn) // what the driver answered last arrives before the rest is given up
    this.#underWay.giveUp(() => true)
    if (failure !== undefined && !(failure instanceof ClosedError)) throw failure
  }
}
