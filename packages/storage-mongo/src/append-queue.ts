import { type QueueEntry, TimeoutError, type WriteQueue } from '@dir/storage-core'
import type { Connection } from './connection.ts'
import type { MongoContext } from './mongo-context.ts'
import type { DenseLog, Draft, LogName } from './dense-log.ts'
import { firstRefused, isDuplicate } from './driver-errors.ts'
import type { Failure } from './failure.ts'
import { takeSome } from './take-some.ts'
import { pause } from './transactions.ts'

const MAX_ENTRIES = 1_000
const MAX_BYTES = 4 * 1024 * 1024

/** How the calls of one protocol become documents of its log. */
export interface Appender<N extends LogName> {
  draft(entry: QueueEntry): readonly Draft<N>[]
  /** Which of the entries may append, judged one after the other on what is in the log now. */
  admit(context: MongoContext, entries: readonly QueueEntry[]): Promise<readonly boolean[]>
  answer(entry: QueueEntry, admitted: boolean, numbers: readonly number[]): unknown
}

interface Job<N extends LogName> {
  readonly entry: QueueEntry
  readonly drafts: readonly Draft<N>[]
  /** An earlier round may have sent it, and the server may carry that out still. */
  inDoubt: boolean
}

/** Appends what waits in the queue by one ordered insert; nobody is answered before a majority has it on disk. */
export function flushAppends<N extends LogName>(
  connection: Connection,
  log: DenseLog<N>,
  appender: Appender<N>,
  queue: WriteQueue,
): Promise<void> {
  return connection.watched(append(connection, log, appender, queue))
}

async function append<N extends LogName>(
  connection: Connection,
  log: DenseLog<N>,
  appender: Appender<N>,
  queue: WriteQueue,
): Promise<void> {
  const entries = takeSome(queue, MAX_ENTRIES, MAX_BYTES)
  const start = performance.now()
  const deadline = Math.max(...entries.map((entry) => entry.work.deadline))
  let jobs: readonly Job<N>[] = entries.map((entry) => ({
    entry,
    drafts: appender.draft(entry),
    inDoubt: false,
  }))
  for (let attempt = 1; jobs.length > 0; attempt++) {
    const before = jobs.length
    let unsure: Failure | null
    try {
      const act = (context: MongoContext): Promise<Round<N>> => round(context, log, appender, jobs)
      ;({ jobs, unsure } = await connection.carry(deadline, 'unknown', Infinity, act))
    } catch (error) {
      const failure = connection.failure(error, -Infinity, 'unknown')
      for (const job of jobs) refuse(job, failure)
      return
    }
    if (jobs.length === 0) return
    if (performance.now() >= deadline) {
      for (const job of jobs) {
        if (unsure !== null) refuse(job, unsure)
        else
          job.entry.reject(
            new TimeoutError(performance.now() - start, 'appending beside other writers', {
              outcome: 'unknown',
            }),
          )
      }
      return
    }
    if (jobs.length === before) await pause(attempt)
  }
}

interface Round<N extends LogName> {
  /** Those that are still to be done. */
  readonly jobs: readonly Job<N>[]
  /** What they failed for, where it is not clear whether they did. */
  readonly unsure: Failure | null
}

/** One attempt. */
async function round<N extends LogName>(
  context: MongoContext,
  log: DenseLog<N>,
  appender: Appender<N>,
  jobs: readonly Job<N>[],
): Promise<Round<N>> {
  const start = performance.now()
  await context.connection.present(context)
  const last = await log.last(context)
  const admitted = await appender.admit(
    context,
    jobs.map(({ entry }) => entry),
  )
  const drafts = jobs.flatMap((job, index) => (admitted[index] === true ? job.drafts : []))
  const isWhole = jobs.some((job) => job.drafts.length > 1)
  const settleFirst = (numbers: readonly number[]): Job<N>[] => {
    return jobs.slice(settle(appender, jobs, admitted, numbers))
  }
  const following = drafts.map((_, index) => last + 1 + index)
  let unsure: Failure
  try {
    if (isWhole) await insertTogether(context, log, last, drafts)
    else if (drafts.length > 0) await log.insert(context, last, drafts)
    return { jobs: settleFirst(following), unsure: null }
  } catch (error) {
    log.forget()
    unsure = context.connection.failure(error, start, 'unknown', { documents: drafts.length })
    const refused = firstRefused(unsure.cause)
    const isKnown = refused !== null && context.connection.reach.isSteadySince(start)
    if (!isKnown && unsure.outcome === 'unknown') for (const job of jobs) job.inDoubt = true
    if (refused !== null && !isDuplicate(refused.error)) {
      const left = settleFirst(following.slice(0, isWhole ? 0 : refused.index))
      const guilty = left.find(({ drafts: own }) => own.includes(drafts[refused.index] as Draft<N>))
      if (guilty !== undefined)
        refuse(guilty, context.connection.failure(refused.error, start, 'not-applied'))
      return { jobs: left.filter((job) => job !== guilty), unsure }
    }
    if (!unsure.isTransient && unsure.outcome !== 'unknown') throw unsure
  }
  // somebody else appended, or the answer got lost: what is there is found by its id, and the rest is judged anew
  const present = await log.present(context, drafts)
  const numbers = drafts.map(({ eventId }) => present.get(eventId) ?? null)
  const done = numbers.indexOf(null) === -1 ? numbers.length : numbers.indexOf(null)
  return { jobs: settleFirst(numbers.slice(0, done) as number[]), unsure }
}

function refuse<N extends LogName>({ entry, inDoubt }: Job<N>, failure: Failure): void {
  entry.reject((inDoubt ? failure.inDoubt() : failure).toError())
}

/** All or none, where one of the calls must not be torn apart. */
function insertTogether<N extends LogName>(
  context: MongoContext,
  log: DenseLog<N>,
  last: number,
  drafts: readonly Draft<N>[],
): Promise<void> {
  return context.connection.transactions.attempt(context.deadline, (inside) =>
    log.insert(inside, last, drafts),
  )
}

/** Answers jobs in order as far as the numbers go. @returns how many. */
function settle<N extends LogName>(
  appender: Appender<N>,
  jobs: readonly Job<N>[],
  admitted: readonly boolean[],
  numbers: readonly number[],
): number {
  let used = 0
  for (const [index, { entry, drafts }] of jobs.entries()) {
    const takes = admitted[index] === true ? drafts.length : 0
    if (used + takes > numbers.length) return index
    entry.resolve([appender.answer(entry, admitted[index] === true, numbers.slice(used, used + takes))])
    used += takes
  }
  return jobs.length
}
