import { AsyncLocalStorage } from 'node:async_hooks'
import { settleBy } from '../adapter/deadline.ts'
import { ClosedError } from '../errors/index.ts'

/** One effect of `runOnce`, from its claim until that has ended. */
class Effect {
  readonly #end = Promise.withResolvers<void>()
  isOver = false

  get over(): Promise<void> {
    return this.#end.promise
  }

  end(): void {
    this.isOver = true
    this.#end.resolve()
  }
}

/** In the course of which effect a call is made: so a handle knows its calls, through whatever they come to it. */
const course = new AsyncLocalStorage<Effect>()

/** Runs `act` as an effect: what is called in its course belongs to it, another effect too. */
export async function asEffect<T>(act: () => Promise<T>): Promise<T> {
  if (course.getStore()?.isOver === false) return act()
  const effect = new Effect()
  try {
    return await course.run(effect, act)
  } finally {
    effect.end()
  }
}

/**
 * The effects of `runOnce` that have called a handle and are under way. For a handle that `createStorage` does not make:
 * it notes each call, and once it is to close it waits, and answers only what is called in the course of one of them.
 */
export class EffectsUnderWay {
  readonly #effects = new Set<Effect>()

  /** To be called where a call comes in, while the handle is open. */
  note(): void {
    const effect = course.getStore()
    if (effect !== undefined) this.#add(effect)
  }

  #add(effect: Effect): void {
    if (effect.isOver || this.#effects.has(effect)) return
    this.#effects.add(effect)
    void effect.over.then(() => this.#effects.delete(effect))
  }

  /** Whether this is called in the course of one of them. */
  includesCaller(): boolean {
    const effect = course.getStore()
    return effect !== undefined && this.#effects.has(effect)
  }

  /** Makes those of others its own. */
  join(others: EffectsUnderWay): void {
    for (const effect of others.#effects) this.#add(effect)
  }

  /** Waits until they are over, for so long at most; not for the one in whose course this is called. */
  async drain(mostMs: number): Promise<void> {
    const own = course.getStore()
    const others = [...this.#effects].filter((effect) => effect !== own)
    if (others.length === 0) return
    const ends = Promise.all(others.map(({ over }) => over))
    await settleBy(performance.now() + mostMs, ends, () => new ClosedError()).catch(() => {})
  }
}
