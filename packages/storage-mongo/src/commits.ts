import { ResourceContentionError } from '@dir/storage-core'
import { type Work, type WorkResult, pause } from '@dir/storage-core/adapter'
import type { Connection } from './connection.ts'
import { type Turn, deadlineOf, meet, waitForTurn, writeAlone, writeTogether } from './writes.ts'

/** So often a commit is tried as it is while a stranger is in its way; then in halves, to find out what is held up. */
const TRIES = 3
/** For so long after a conflict, commits take turns with those of other processes that do so. */
const CONTENDED_MS = 1_000
/** So long one waits for its turn at most: its holder may be dead. */
const TURN_MS = 1_000
const PAUSE_MS = 4
/** A commit takes no more works once they name so many records: one of very many might not end by its deadline. */
const MOST_NAMES = 2_000
/**
 * How long before its deadline work is given up that is certainly not written: after a pause and one more attempt that
 * could not be said any more.
 */
const MARGIN_MS = 100

/** The commits of one handle, one at a time: what each work is about is loaded, judged here, and written together. */
export class Commits {
  readonly #connection: Connection
  /** Works that somebody else's open transaction holds up. They are tried apart from the rest. */
  #held = new WeakSet<Work>()
  #contendedAt = -Infinity

  constructor(connection: Connection) {
    this.#connection = connection
  }

  async commit(sent: readonly Work[]): Promise<readonly WorkResult[]> {
    const works = notTooMany(sent)
    if (works.length < sent.length) {
      const results = await this.commit(works)
      return sent.map((_, index) => results[index] ?? 'again')
    }
    const alone = await this.#connection.watched(writeAlone(this.#connection, works))
    if (alone !== null) return alone
    const results = new Map<Work, WorkResult>()
    const [free, held] = this.#apart(works)
    await this.#connection.watched(this.#try(free, TRIES, results))
    for (const [index, work] of held.entries()) {
      const isBehind = held
        .slice(0, index)
        .some((earlier) => results.get(earlier) === 'blocked' && meet(earlier, work))
      if (!isBehind) await this.#connection.watched(this.#try([work], 1, results))
      else results.set(work, 'blocked')
    }
    return works.map((work) => results.get(work) ?? 'again')
  }

  /** Tries until all have their results; what a stranger holds up for so many `tries` is found out and blocked. */
  async #try(works: readonly Work[], tries: number, results: Map<Work, WorkResult>): Promise<void> {
    const start = performance.now()
    let left = works
    let conflicts = 0
    for (let attempt = 1; left.length > 0; attempt++) {
      const turn: Turn = { isWanted: this.#takesTurns(start), isHad: false }
      try {
        if (turn.isWanted) await waitForTurn(this.#connection, deadlineOf(left))
        const done = await writeTogether(this.#connection, left, turn)
        for (const [index, result] of done.entries()) results.set(left[index] as Work, result)
        this.#held = new WeakSet()
        return
      } catch (error) {
        const failure = this.#connection.failure(error, -Infinity, 'unknown')
        const isLate = failure.isLate && failure.outcome === 'not-applied'
        if (failure.isTransient) {
          this.#contendedAt = performance.now()
          // waiting for one's turn is no sign of a stranger
          if (turn.isHad || !this.#takesTurns(start)) conflicts++
        }
        if (!failure.isTransient && !isLate) {
          if (failure.isOfOneDocument && left.length > 1) return this.#halve(left, tries, results)
          for (const work of left) results.set(work, { error: failure.toError() })
          return
        }
        left = left.filter((work) => {
          if (performance.now() < work.deadline - MARGIN_MS) return true
          results.set(work, {
            error: failure.isTransient ? new ResourceContentionError(attempt) : failure.toError(),
          })
          return false
        })
        if (conflicts >= tries) return this.#halve(left, 1, results)
        await pause(attempt, PAUSE_MS)
      }
    }
  }

  async #halve(works: readonly Work[], tries: number, results: Map<Work, WorkResult>): Promise<void> {
    const [first, ...others] = works
    if (first === undefined) return
    if (others.length === 0) {
      this.#held.add(first)
      results.set(first, 'blocked')
      return
    }
    const middle = works.length >> 1
    const half = works.slice(0, middle)
    await this.#try(half, tries, results)
    const blocked = half.filter((work) => results.get(work) === 'blocked')
    const rest = works.slice(middle).filter((work) => {
      const isFree = !blocked.some((earlier) => meet(earlier, work))
      if (!isFree) results.set(work, 'blocked')
      return isFree
    })
    await this.#try(rest, tries, results)
  }

  /** Lately others were in the way, and whoever has the turn does not keep it for too long. */
  #takesTurns(start: number): boolean {
    const now = performance.now()
    return now - this.#contendedAt < CONTENDED_MS && now - start < TURN_MS
  }

  /** Those that nobody is known to hold up, and the others. */
  #apart(works: readonly Work[]): readonly [Work[], Work[]] {
    const [free, held]: [Work[], Work[]] = [[], []]
    for (const work of works) {
      const isHeld = this.#held.has(work) || held.some((earlier) => meet(earlier, work))
      ;(isHeld ? held : free).push(work)
    }
    return [free, held]
  }
}

function notTooMany(works: readonly Work[]): readonly Work[] {
  let names = 0
  const end = works.findIndex(({ calls }) => {
    const isFull = names >= MOST_NAMES
    for (const { ids } of calls) names += ids.length
    return isFull
  })
  return end === -1 ? works : works.slice(0, end)
}
