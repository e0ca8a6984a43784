import {
  type Call,
  type Sending,
  type SyncWrites,
  type Work,
  type WorkResult,
  operationOf,
  runWork,
} from '@dir/storage-core/adapter'
import { agentRegistryWrites } from './agent-registry.ts'
import { allOf } from './change.ts'
import type { Connection } from './connection.ts'
import { contextWrites } from './context.ts'
import { decisionAuditWrites } from './decision-audit.ts'
import { isDuplicate } from './driver-errors.ts'
import { escalationWrites } from './escalation.ts'
import { prepareLocks, takeFences } from './holds.ts'
import { idempotencyWrites } from './idempotency.ts'
import { intentRetryWrites } from './intent-retry.ts'
import { lifecycleWrites } from './lifecycle.ts'
import { Wanted, load } from './load.ts'
import type { LoadedState } from './loaded-state.ts'
import type { MongoContext } from './mongo-context.ts'
import { resourceLockWrites } from './resource-lock.ts'
import { sagaWrites } from './saga.ts'
import type { Writing } from './writing.ts'

/** What judges and writes: operations on what is loaded for a commit. */
const writes: SyncWrites<LoadedState> = {
  agentRegistry: agentRegistryWrites,
  context: contextWrites,
  idempotency: idempotencyWrites,
  decisionAudit: decisionAuditWrites,
  saga: sagaWrites,
  resourceLock: resourceLockWrites,
  intentRetry: intentRetryWrites,
  escalation: escalationWrites,
  lifecycle: lifecycleWrites,
}

/** What a call needs to have loaded, and how it goes alone. */
function writingOf(call: Call): Writing {
  return operationOf(writes, call)
}

/** With what kind of work alone it may share a commit. */
export const kindOf = ({ calls: [first] }: Work): Writing['apart'] => first && writingOf(first).apart

/** Carries works out where no transaction is needed for it. Null: one is, and nothing is written. */
export async function writeAlone(
  connection: Connection,
  works: readonly Work[],
  sending: Sending,
): Promise<readonly WorkResult[] | null> {
  const alone = shortcut(works) ?? single(connection, works)
  if (alone === null) return null
  try {
    return await connection.transactions.single(deadlineOf(works), alone, () => sending(works))
  } catch (error) {
    connection.lasts.clear() // somebody else may have appended
    const failure = connection.failure(error, -Infinity, 'unknown')
    if (failure.isLate && failure.outcome === 'not-applied') return works.map(() => 'again')
    return isDuplicate(failure.cause) ? null : works.map(() => ({ error: failure.toError() }))
  }
}

type Alone = (context: MongoContext) => Promise<readonly WorkResult[] | null>

/** Of a lone call, its own statement. */
function shortcut([work, second]: readonly Work[]): Alone | null {
  const [call] = work?.calls ?? []
  if (work === undefined || call === undefined || second !== undefined || work.atomic) return null
  const statement = writingOf(call).shortcut
  if (statement === undefined) return null
  return async (context) => {
    const answer = await statement(context, ...call.args)
    return answer === null ? null : [{ answers: [answer] }]
  }
}

/** Where nothing need be loaded, and one document is written. */
function single(connection: Connection, works: readonly Work[]): Alone | null {
  const wanted = wantedBy(works, connection.lasts.copyFresh())
  if (!wanted.isEmpty) return null
  const state = wanted.nothing
  const results = works.map((work) => judged(state, work))
  if (state.size !== 1) return null
  return async (context) => {
    await state.save(context, true)
    connection.lasts.remember(state.lasts)
    return results
  }
}

/** Carries works out in one transaction: loads, judges and writes the difference. Rejects with a `Failure`. */
export async function writeTogether(
  connection: Connection,
  works: readonly Work[],
  sending: Sending,
): Promise<WorkResult[]> {
  const wanted = wantedBy(works, connection.lasts.copyFresh())
  try {
    const done = await connection.transactions.attempt(
      deadlineOf(works),
      async (context) => {
        const state = wanted.isEmpty ? wanted.nothing : await loadAll(context, wanted)
        const results = judgedInOrder(state, works)
        await state.save(context, !wanted.isEmpty)
        return { state, results }
      },
      () => sending(works),
    )
    connection.lasts.remember(done.state.lasts)
    return done.results
  } catch (error) {
    connection.lasts.clear()
    throw error
  }
}

/** Carries a work out inside a transaction that somebody else commits. What is refused writes nothing. */
export async function writeInside(context: MongoContext, work: Work): Promise<Exclude<WorkResult, string>> {
  const wanted = wantedBy([work], new Map())
  for (;;) {
    const state = wanted.isEmpty ? wanted.nothing : await loadAll(context, wanted)
    await raiseLasts(context.outside, wanted, state)
    const [result = 'again'] = judgedInOrder(state, [work])
    await state.save(context, !wanted.isEmpty)
    if (typeof result === 'object') return result // else only some of many expired holds were removed
  }
}

/** The transaction may be older than what others have appended or pruned since: what is appended now is judged by that too. */
async function raiseLasts(
  outside: MongoContext,
  { logs, statusOf }: Wanted,
  state: LoadedState,
): Promise<void> {
  if (logs.size === 0) return
  const latest = new Wanted(new Map())
  for (const log of logs) latest.log(log)
  for (const dfid of statusOf) latest.statusOf.add(dfid)
  const { lasts, statuses } = await load(outside, latest)
  for (const [log, last] of lasts) state.lasts.set(log, Math.max(last, state.lasts.get(log) ?? 0))
  const last = lasts.get('lifecycle_transitions') ?? 0
  for (const dfid of statusOf) {
    if ((state.statuses.get(dfid)?.number ?? 0) > last) continue // the transaction has written it itself
    const standing = statuses.get(dfid)
    if (standing === undefined) state.statuses.delete(dfid) // its flow was pruned
    else state.statuses.set(dfid, standing)
  }
}

function wantedBy(works: readonly Work[], lasts: Wanted['known']): Wanted {
  const wanted = new Wanted(lasts)
  for (const { calls } of works) for (const call of calls) writingOf(call).needs?.(wanted, ...call.args)
  return wanted
}

/** None may be written after its deadline, and one command writes them all. */
function deadlineOf(works: readonly Work[]): number {
  return Math.min(...works.map(({ deadline }) => deadline))
}

/** Where expired holds are left, acquires come again once these are gone, and with them what has to follow them. */
function judgedInOrder(state: LoadedState, works: readonly Work[]): WorkResult[] {
  const late: Work[] = []
  return works.map((work) => {
    if (state.records.areMany) return 'again'
    const isLate = work.accessDeadline !== null || late.some((earlier) => meet(earlier, work))
    if (!state.hasMoreExpired || !isLate) return judged(state, work)
    late.push(work)
    return 'again'
  })
}

/** Whether both name the same record. */
export function meet(one: Work, other: Work): boolean {
  const names = new Set(namesOf(one))
  return namesOf(other).some((name) => names.has(name))
}

const namesOf = ({ calls }: Work): string[] =>
  calls.flatMap(({ protocol, ids }) => ids.map((id) => `${protocol}:${id}`))

function judged(state: LoadedState, work: Work): WorkResult {
  try {
    return { answers: runWork(writes, state, work) }
  } catch (error) {
    return { error }
  }
}

async function loadAll(context: MongoContext, wanted: Wanted): Promise<LoadedState> {
  const fences = takeFences(context.outside, wanted.fences)
  const [state, first] = await allOf([load(context, wanted), fences])
  await prepareLocks(context, wanted, state, first)
  return state
}
