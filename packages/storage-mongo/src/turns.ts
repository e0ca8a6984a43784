import { setTimeout as sleep } from 'node:timers/promises'
import type { Connection } from './connection.ts'
import { type Standing, TurnQueue } from './turn-queue.ts'

/** When nobody's turn ends for so long, it goes on without: longer than one who has died is waited for. */
const PATIENCE_MS = 1_500
/** A turn of which no use is made for so long is over. */
const IDLE_MS = 10
const LEAVE_MS = 250
/** Whoever looks oftener takes the time of those who work. */
const LOOK_MS = 4
/** Often enough to be heard of. */
const MOST_LOOK_MS = 50
/** After so many commits without a conflict, the next one counts as the first. */
const CLEAN = 8
const MOST_TURNS = 64

/**
 * Handles that are often in each other's way take turns, of several commits each: a conflict is found out late, and then
 * all is done again. A turn is no lock, and nothing relies on it: whoever waits for his in vain, or knows of none, is in
 * the way of others as he would be without.
 */
export class Turns {
  readonly #connection: Connection
  readonly #queue: TurnQueue
  /** For how many turns this handle will wait yet; 0: its commits begin at once. */
  #left = 0
  /** What that was after the last conflict: the more, the sooner one followed the other. */
  #turns = 0
  /** How many commits it made without a turn since then. */
  #clean = CLEAN
  /** When its turn is over; null: it has none. */
  #until: number | null = null
  #waiting: Promise<void> | undefined
  #leaving: Promise<void> | undefined
  #idle: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(connection: Connection) {
    this.#connection = connection
    this.#queue = new TurnQueue(connection)
  }

  /** Others were in the way of a commit. The first time that may be by chance. */
  conflicted(): void {
    if (this.#left > 0 || this.#until !== null) return
    this.#turns = this.#clean < CLEAN ? Math.min(MOST_TURNS, Math.max(1, 2 * this.#turns)) : 0
    this.#left = this.#turns
    this.#clean = 0
  }

  /** A commit is over, whatever came of it. */
  settled(): void {
    if (this.#until === null) this.#clean++
    else this.#idle = setTimeout(() => this.#end(), IDLE_MS).unref()
  }

  /** Resolves when the next commit may begin; undefined: at once. */
  ready(): Promise<void> | undefined {
    clearTimeout(this.#idle)
    if (this.#until !== null && performance.now() < this.#until) return undefined
    if (this.#left === 0) {
      this.#end()
      return undefined
    }
    this.#waiting ??= this.#wait().finally(() => (this.#waiting = undefined))
    return this.#waiting
  }

  /** Lets others go on. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#idle)
    this.#end()
    await this.#leaving
  }

  async #wait(): Promise<void> {
    this.#until = null
    await this.#leaving
    let [place, deadline] = [Infinity, performance.now() + PATIENCE_MS]
    try {
      for (let atEnd = true; performance.now() < deadline && !this.#isClosed; atEnd = false) {
        const asked = performance.now()
        const { index, leftMs, isAlone } = await this.#ask(deadline, atEnd)
        if (index === 0) return this.#begin(asked + leftMs, isAlone)
        if (index < place) [place, deadline] = [index, performance.now() + PATIENCE_MS]
        await sleep(Math.min(MOST_LOOK_MS, Math.max(LOOK_MS * index, leftMs)))
      }
    } catch {
      // the commit will tell
    }
    this.#left = 0
    this.#leave()
  }

  #ask(deadline: number, atEnd: boolean): Promise<Standing> {
    return this.#connection.run(deadline, 'unknown', (context) => this.#queue.wait(context, atEnd))
  }

  #begin(until: number, isAlone: boolean): void {
    this.#until = until
    this.#left = isAlone ? this.#left >> 1 : this.#left - 1
    this.#connection.lasts.clear() // others may have appended
  }

  #end(): void {
    if (this.#until !== null) this.#leave()
    this.#until = null
  }

  /** Where that does not arrive, others wait until this handle has not been heard of for long enough. */
  #leave(): void {
    this.#leaving = this.#connection
      .run(performance.now() + LEAVE_MS, 'unknown', (context) => this.#queue.leave(context))
      .catch(() => {})
  }
}
