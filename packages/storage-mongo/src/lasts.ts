import type { LogName } from './documents.ts'

/** Older than this, the number that was the highest says nothing: see `REMEMBERED_SEC`. */
const FRESH_MS = 10 * 60_000

/** So long what was pruned soon after it was written keeps its number: whoever takes it for free does so before that. */
export const REMEMBERED_SEC = 3_600

/**
 * The highest numbers of the logs, where it was this process that has issued them. Others may have gone on since: then the
 * next number is taken, unless what had it was pruned.
 */
export class Lasts {
  readonly #numbers = new Map<LogName, number>()
  readonly #times = new Map<LogName, number>()

  /** Those that are not too old, as they are now: what becomes of them later does not concern who has asked. */
  copyFresh(): ReadonlyMap<LogName, number> {
    for (const [log, time] of this.#times) {
      const ageMs = Date.now() - time // goes on while a machine sleeps
      if (ageMs < 0 || ageMs > FRESH_MS) this.#forget(log)
    }
    return new Map(this.#numbers)
  }

  remember(lasts: ReadonlyMap<LogName, number>): void {
    for (const [log, last] of lasts) {
      if (last === 0 || last === this.#numbers.get(log)) continue // what is empty may yet be filled by an import
      this.#numbers.set(log, last)
      this.#times.set(log, Date.now())
    }
  }

  clear(): void {
    for (const log of this.#numbers.keys()) this.#forget(log)
  }

  #forget(log: LogName): void {
    this.#numbers.delete(log)
    this.#times.delete(log)
  }
}
