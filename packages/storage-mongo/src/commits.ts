import { type Sending, type Work, type WorkResult, pause } from '@dir/storage-core/adapter'
import type { Connection } from './connection.ts'
import { kindOf, meet, writeAlone, writeTogether } from './writes.ts'

/** So often a commit is tried as it is while others are in its way; then in halves, to find out what they hold up. */
const TRIES = 12
/** Longer ones would leave it to those who are quicker. */
const MOST_PAUSE_MS = 16

/** A commit takes no more works once they name so many records: one of very many might not end by its deadline. */
const MOST_NAMES = 2_000

interface Commit {
  readonly sending: Sending
  readonly results: Map<Work, WorkResult>
}

/** The commits of one handle, one at a time: what each work is about is loaded, judged here, and written together. */
export class Commits {
  readonly #connection: Connection
  /** Works that somebody else's open transaction holds up. They are tried apart from the rest. */
  #held = new WeakSet<Work>()
  /** So many flows are pruned at a time: what each has is summed up before, and was too much of more of them lately. */
  #mostFlows = Infinity
  /** How often others were in the way since a commit succeeded. */
  #conflicts = 0

  constructor(connection: Connection) {
    this.#connection = connection
  }

  async commit(works: readonly Work[], sending: Sending): Promise<readonly WorkResult[]> {
    const some = together(works, this.#mostFlows)
    const results = await this.#connection.watched(this.#commit(some, sending))
    const done = results.filter((result) => typeof result === 'object').length
    if (done > 0 && isPruning(some))
      this.#mostFlows = done < some.length ? done : Math.max(this.#mostFlows, 2 * done)
    this.#connection.turns.settled()
    return works.map((_, index) => results[index] ?? 'again')
  }

  async #commit(works: readonly Work[], sending: Sending): Promise<readonly WorkResult[]> {
    const alone = await writeAlone(this.#connection, works, sending)
    if (alone !== null) return alone
    const commit: Commit = { sending, results: new Map() }
    const { results } = commit
    const [free, held] = this.#apart(works)
    await this.#try(free, TRIES, commit)
    for (const [index, work] of held.entries()) {
      const isBehind = held
        .slice(0, index)
        .some((earlier) => isOpen(results.get(earlier)) && meet(earlier, work))
      if (!isBehind) await this.#try([work], 1, commit)
      else results.set(work, 'blocked')
    }
    return works.map((work) => results.get(work) ?? 'again')
  }

  /**
   * Tries once. Without a result, they are to be tried again; what others hold up for so many `tries` is found out and
   * blocked.
   */
  async #try(works: readonly Work[], tries: number, commit: Commit): Promise<void> {
    if (works.length === 0) return
    try {
      const done = await writeTogether(this.#connection, works, commit.sending)
      for (const [index, result] of done.entries()) commit.results.set(works[index] as Work, result)
      this.#held = new WeakSet()
      this.#conflicts = 0
    } catch (error) {
      const failure = this.#connection.failure(error, -Infinity, 'unknown')
      if (failure.isLate && failure.outcome === 'not-applied') return
      if (!failure.isTransient) {
        if (failure.isOfOneDocument && works.length > 1) return this.#halve(works, tries, commit)
        for (const work of works) commit.results.set(work, { error: failure.toError() })
        return
      }
      this.#connection.turns.conflicted()
      if (++this.#conflicts >= tries) return this.#halve(works, 1, commit)
      await pause(this.#conflicts, MOST_PAUSE_MS)
    }
  }

  async #halve(works: readonly Work[], tries: number, commit: Commit): Promise<void> {
    const { results } = commit
    const [first, ...others] = works
    if (first === undefined) return
    if (others.length === 0) {
      this.#held.add(first)
      results.set(first, 'blocked')
      return
    }
    const middle = works.length >> 1
    const half = works.slice(0, middle)
    await this.#try(half, tries, commit)
    const open = half.filter((work) => isOpen(results.get(work)))
    const rest = works.slice(middle).filter((work) => {
      const isFree = !open.some((earlier) => meet(earlier, work))
      if (!isFree) results.set(work, 'blocked')
      return isFree
    })
    await this.#try(rest, tries, commit)
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

/** It comes again, and what names the same record has to come after it. */
const isOpen = (result: WorkResult | undefined): boolean => result === undefined || typeof result === 'string'

const isPruning = ([first]: readonly Work[]): boolean => first !== undefined && kindOf(first) === 'prunes'

/** As many of the first ones as one commit takes. */
function together(works: readonly Work[], mostFlows: number): readonly Work[] {
  let names = 0
  const [first] = works
  const kind = first && kindOf(first)
  const end = works.findIndex((work, index) => {
    const isOther = index > 0 && (kind === 'alone' || kindOf(work) !== kind)
    const isFull = names >= MOST_NAMES
    for (const { ids } of work.calls) names += ids.length
    return isFull || isOther || (kind === 'prunes' && index >= mostFlows)
  })
  return end === -1 ? works : works.slice(0, end)
}
