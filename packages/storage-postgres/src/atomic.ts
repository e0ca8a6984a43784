import {
  type Call,
  type NewEvent,
  ResourceContentionError,
  type Work,
  conditionFailed,
  locate,
} from '@dir/storage-core'
import { setTimeout as sleep } from 'node:timers/promises'
import type { PgConnection } from './connection.ts'
import { append, newBatchId } from './decision-audit.ts'
import { LocksDenied } from './failure.ts'
import { LockBook } from './lock-book.ts'
import { type Settled, enactLockCall, isLockCall, judgeLockCall, scopeOf } from './lock-calls.ts'
import type { LockNames } from './locks.ts'
import { find } from './operations.ts'
import type { PgSession } from './session.ts'
import { requireImport } from './transfer.ts'

/** How long one try may wait for locks. A try that fails keeps no connection while it waits for the next. */
const LOCK_WAIT_MS = 100

/** Carries out work in one transaction that has locked every record it names, so that no two of them can deadlock. */
export async function runLocked(pg: PgConnection, names: LockNames, work: Work): Promise<readonly unknown[]> {
  const ids = work.calls.flatMap(({ protocol, ids: named }) => named.map((id) => `${protocol}:${id}`))
  const locks = names.plan(ids.map((id) => names.key(id)))
  const { deadline } = work
  for (let attempt = 1; ; attempt++) {
    const now = performance.now()
    const left = (work.accessDeadline ?? deadline) - now
    const lockWaitMs = Math.max(0, Math.min(LOCK_WAIT_MS, left))
    try {
      return await pg.transaction(
        { deadline, locks: locks.keys.length === 0 ? null : locks, lockWaitMs },
        async (db, denied) => {
          if (denied.size > 0) throw new LocksDenied()
          if (work.importTicket !== undefined) await requireImport(db, work.importTicket)
          return runCalls(db, names.audit, work)
        },
      )
    } catch (error) {
      if (!(error instanceof LocksDenied)) throw error
      if (left <= LOCK_WAIT_MS) throw new ResourceContentionError(attempt)
    }
    await sleep(Math.random() * 20)
  }
}

async function runCalls(
  db: PgSession,
  auditLock: bigint,
  { calls, atomic }: Work,
): Promise<readonly unknown[]> {
  const lockCalls = calls.filter(isLockCall)
  const book = lockCalls.length === 0 ? null : await LockBook.open(db, scopeOf(lockCalls))
  if (atomic) for (const call of calls) await named(call, () => judge(db, book, call))
  const answers = new Map<Call, unknown>()
  const settled = new Map<Call, Settled>()
  for (const call of calls) {
    if (book !== null && isLockCall(call)) settled.set(call, enactLockCall(book, call))
    else if (!isAppend(call)) answers.set(call, await named(call, () => enact(db, call, atomic)))
  }
  const isThere = await book?.save(db)
  if (isThere !== undefined)
    for (const [call, settle] of settled) {
      const answer = settle(isThere)
      // a renewal that came too late, as `save` found
      if (atomic && answer === false) throw locate(conditionFailed(call), '', call.protocol, call.method)
      answers.set(call, answer)
    }
  // last, because nobody else can append from then on
  await appendAll(db, auditLock, calls.filter(isAppend), answers)
  return calls.map((call) => answers.get(call))
}

async function judge(db: PgSession, book: LockBook | null, call: Call): Promise<void> {
  if (isAppend(call)) return
  const holds = isLockCall(call)
    ? book !== null && judgeLockCall(book, call)
    : await find(call).judge?.(db, ...call.args)
  if (holds === false) throw conditionFailed(call)
}

/** What was judged is written; what was not judges for itself. */
function enact(db: PgSession, call: Call, isJudged: boolean): Promise<unknown> {
  const operation = find(call)
  return ((isJudged ? operation.enact : undefined) ?? operation)(db, ...call.args)
}

async function appendAll(
  db: PgSession,
  auditLock: bigint,
  calls: readonly Call[],
  answers: Map<Call, unknown>,
): Promise<void> {
  if (calls.length === 0) return
  const seqs = await append(db, auditLock, newBatchId(), calls.flatMap(eventsOf))
  for (const call of calls) answers.set(call, seqs.splice(0, eventsOf(call).length))
}

function isAppend({ protocol, operation }: Call): boolean {
  return protocol === 'decisionAudit' && operation === 'recordMany'
}

function eventsOf({ args }: Call): readonly NewEvent[] {
  return args[0] as readonly NewEvent[]
}

async function named<T>(call: Call, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    throw locate(error, '', call.protocol, call.method)
  }
}
