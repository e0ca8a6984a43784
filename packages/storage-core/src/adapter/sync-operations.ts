import type { Operations, Protocol, Writes } from '../protocols/index.ts'
import { type Call, type SyncImplementation, type Work, operationOf } from './call.ts'
import { locate } from '../errors/index.ts'
import { conditionFailed, nextCount } from './refusals.ts'

/** All operations of an adapter whose store answers synchronously. */
export type SyncOperations<Context> = { readonly [P in Protocol]: SyncImplementation<Operations[P], Context> }

/** Those that judge and write, with the one read that a batch needs. */
export type SyncWrites<Context> = { readonly [P in Protocol]: SyncImplementation<Writes[P], Context> } & {
  readonly intentRetry: Pick<SyncImplementation<Operations['intentRetry'], Context>, 'getCount'>
}

type Judged<Args extends readonly unknown[], Answer, Verdict extends boolean> = ((
  ...args: Args
) => Verdict extends true ? Answer : Answer | false) & {
  judge(...args: Args): Verdict
  enact(...args: Args): Answer
}

/**
 * An operation that writes only where its condition holds. Called alone it judges and enacts, or answers false;
 * a batch judges all its conditions before it enacts any. `judge` may throw a refusal of its own instead. `found` tells
 * what stands there instead, as of `FalseCondition`; without it, nothing does.
 */
export function conditionalWrite<Args extends readonly unknown[], Answer, Verdict extends boolean>(
  judge: (...args: Args) => Verdict,
  enact: (...args: Args) => Answer,
  found?: (...args: Args) => string | null,
): Judged<Args, Answer, Verdict> {
  const alone = (...args: Args) => (judge(...args) ? enact(...args) : false)
  return Object.assign(alone as Judged<Args, Answer, Verdict>, { judge, enact, ...(found && { found }) })
}

type Step<Context, Answer> = (context: Context, ...args: Call['args']) => Answer
type Operation<Context> = Step<Context, unknown> & {
  readonly judge?: Step<Context, boolean>
  readonly enact?: Step<Context, unknown>
  readonly found?: Step<Context, string | null>
}

/** Runs one call. */
export function runCall<Context>(operations: SyncOperations<Context>, context: Context, call: Call): unknown {
  return find(operations, call)(context, ...call.args)
}

function find<Context>(operations: SyncWrites<Context>, call: Call): Operation<Context> {
  return operationOf(operations, call)
}

/** Runs the calls of one piece of work, inside the adapter's transaction, which must undo all of them if this throws. */
export function runWork<Context>(operations: SyncWrites<Context>, context: Context, work: Work): unknown[] {
  if (!work.atomic) return work.calls.map((call) => find(operations, call)(context, ...call.args))
  for (const [position, call] of work.calls.entries())
    named(call, () => {
      const { judge, found } = find(operations, call)
      if (judge?.(context, ...call.args) === false)
        throw conditionFailed(work.calls, position, found?.(context, ...call.args))
    })
  judgeCounts(work.calls, (dfid) => operations.intentRetry.getCount(context, dfid))
  return work.calls.map((call) =>
    named(call, () => {
      const operation = find(operations, call)
      return (operation.enact ?? operation)(context, ...call.args)
    }),
  )
}

function named<T>(call: Call, act: () => T): T {
  try {
    return act()
  } catch (error) {
    throw locate(error, '', call.protocol, call.method)
  }
}

/**
 * The one condition that depends on the batch's own earlier writes: no count may pass int32. `before` tells a flow's
 * count before the batch.
 */
export function judgeCounts(calls: readonly Call[], before: (dfid: string) => number): void {
  const counts = new Map<string, number>()
  for (const call of calls) {
    if (call.protocol !== 'intentRetry') continue
    const [dfid, count] = call.args as readonly [string, number]
    if (call.operation === 'setCount') counts.set(dfid, count)
    else if (call.operation === 'delete') counts.set(dfid, 0)
    else if (call.operation === 'increment') {
      const next = named(call, () => nextCount(counts.get(dfid) ?? before(dfid)))
      counts.set(dfid, next)
    }
  }
}
