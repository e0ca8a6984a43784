import { randomUUID } from 'node:crypto'
import { TimeoutError } from '@dir/storage-core'
import type { Sending, Work, WorkResult } from '@dir/storage-core/adapter'
import { commitArguments } from './commit-arguments.ts'
import type { PgConnection } from './connection.ts'
import { Failure, outcomeAfter, withStorageErrors } from './failure.ts'
import type { LockNames } from './locks.ts'
import { type PlannedWork, type Reply, planWork, toResults } from './planned-work.ts'
import { type SqlValue, text } from './session.ts'
import { PASSED_DEADLINE, TOO_MANY_LOCKS, codeOf, isLockTimeout, isRefusal } from './wire.ts'

/** How long a commit waits for each lock, at most and at least; others hold one only for a statement. */
const LOCK_WAIT_MS = 100
const SHORT_WAIT_MS = 25
/** After a lock was not had, so many commits in a row take what is free; then one waits again, so that nobody starves. */
const IMPATIENT = 4
/** A handle's commits: one after the other, each by one call of the server's function. */
export class Writes {
  readonly #pg: PgConnection
  readonly #names: LockNames
  readonly #handle = randomUUID()
  readonly #key: bigint
  /** Of the latest commit that was sent. */
  #number = 0
  /** How many commits in a row met a lock of somebody else. */
  #misses = 0
  /** What the server's clock was at least when this one's was 0, in milliseconds, by the latest answer. */
  #clockStart: number | null = null

  constructor(pg: PgConnection, names: LockNames) {
    this.#pg = pg
    this.#names = names
    this.#key = names.key(`*handle:${this.#handle}`)
  }

  /** Plans a work, which what is sent next need not wait for; answers how many locks it takes. */
  readonly prepare = (work: Work): number => {
    const plan = planWork(work, this.#names)
    work.prepared = plan
    return plan.locks
  }

  readonly commit = (works: readonly Work[], sending: Sending): Promise<readonly WorkResult[]> => {
    const planned = works.map(({ prepared }) => prepared as PlannedWork)
    return withStorageErrors(this.#carryOut(planned, sending))
  }

  /** Takes note of the server's clock, as it was when it answered just now. */
  readClock(micros: number): void {
    this.#clockStart = micros / 1000 - performance.now()
  }

  /** Removes this handle's answers, if there is time for that. */
  async forget(deadline: number): Promise<void> {
    if (this.#number === 0) return
    const removal = this.#pg.transaction({ deadline, lock: null }, (db) =>
      db.write(/* sql */ `DELETE FROM ${db.schema}kept_answers WHERE handle = $1`, this.#handle),
    )
    await removal.catch(() => {})
  }

  async #carryOut(works: readonly PlannedWork[], sending: Sending): Promise<WorkResult[]> {
    const waits = this.#misses % IMPATIENT === 0
    try {
      const results = await this.#send(works, waits, sending)
      this.#misses = results.includes('blocked') ? this.#misses + 1 : 0
      return results
    } catch (error) {
      const cause = error instanceof Failure ? error.cause : error
      if (!isRefusal(cause) || outcomeAfter(error) !== 'not-applied') throw error
      if (codeOf(cause) === PASSED_DEADLINE) return works.map(() => 'again')
      if (codeOf(cause) === TOO_MANY_LOCKS)
        return this.#carryOut(
          works.map((work) => ({ ...work, isWhole: true })),
          sending,
        )
      if (isLockTimeout(cause)) {
        this.#misses++
        // now what is free
        if (waits) return this.#carryOut(works, sending)
        if (works.length === 1) return ['blocked']
      }
      if (works.length === 1) throw error
      // what the server will not take in company: one work's data, or a lock that it meets, are no reason to refuse another's
      const results: WorkResult[] = []
      const behind = new Set<string>()
      for (const work of works) {
        const mayGo = work.ids.every((id) => !behind.has(id))
        const result = mayGo ? await this.#alone(work, sending) : 'blocked'
        // what concerns the same as earlier work that is not carried out may not overtake it
        if (typeof result === 'string') for (const id of work.ids) behind.add(id)
        results.push(result)
      }
      return results
    }
  }

  async #alone(work: PlannedWork, sending: Sending): Promise<WorkResult> {
    if (performance.now() >= work.work.deadline) return 'again'
    try {
      const [result = 'again'] = await withStorageErrors(this.#carryOut([work], sending))
      return result
    } catch (error) {
      return { error }
    }
  }

  async #send(works: readonly PlannedWork[], waits: boolean, sending: Sending): Promise<WorkResult[]> {
    const now = performance.now()
    const patience = Math.min(...works.map(({ work }) => work.accessDeadline ?? Infinity)) - now
    const wait = waits ? Math.max(SHORT_WAIT_MS, Math.min(LOCK_WAIT_MS, patience)) : SHORT_WAIT_MS
    const given = commitArguments(works, wait, this.#pg.makeDurable, (moment) =>
      this.onServer(moment - this.#pg.earlyMs),
    )
    const locksOfEach = (): string =>
      JSON.stringify(
        works.map((one) => [one.keys.map(String), one.resources, one.flows, one.appends, one.ids]),
      )
    const number = ++this.#number
    const values = (isRepeated: boolean): SqlValue[] => [
      this.#handle,
      String(this.#key),
      number,
      JSON.stringify({ ...given.settings, isRepeated }),
      given.keys,
      given.resources,
      given.flows,
      waits ? null : locksOfEach(),
      given.deadlines,
      given.waves,
    ]
    const deadline = Math.max(...works.map(({ work }) => work.deadline))
    const rows = await this.#pg.commit(
      deadline,
      /* sql */ `SELECT ${this.#pg.schema}commit_works($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) AS answer`,
      values,
      () => sending(works.map(({ work }) => work)),
    )
    if (rows === null) return works.map(() => 'again')
    const reply = JSON.parse(text(rows[0], 'answer')) as Reply
    this.readClock(reply[2])
    return toResults(reply, works).map((result, index) => {
      if (result !== null) return result
      const isOver = (works[index]?.work.deadline ?? 0) - performance.now() < 2 * this.#pg.earlyMs
      return isOver ? { error: new TimeoutError(performance.now() - now, 'answer') } : 'again'
    })
  }

  /** A moment of this process on the server's clock, in microseconds; rather too early than too late. */
  readonly onServer = (moment: number): number => Math.floor((moment + (this.#clockStart ?? 0)) * 1000)
}
