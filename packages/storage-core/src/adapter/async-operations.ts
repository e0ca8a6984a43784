import type { Operations, Protocol } from '../protocols/index.ts'
import { type Call, type Implementation, operationOf } from './call.ts'
import { locate } from '../errors/index.ts'
import { conditionFailed } from './refusals.ts'
import { judgeCounts } from './sync-operations.ts'

/** All operations of an adapter whose store answers asynchronously. */
export type AsyncOperations<Context> = { readonly [P in Protocol]: Implementation<Operations[P], Context> }

interface Steps<Args extends readonly unknown[], Answer> {
  /** Judges its condition inside a batch's transaction, and writes nothing. */
  readonly judge: (...args: Args) => Promise<boolean>
  /** Writes inside that transaction, so that what was judged cannot have changed at its commit. */
  readonly enact: (...args: Args) => Promise<Answer>
}

/**
 * An operation that writes only where its condition holds. Called alone it is one atomic step, or answers false; a
 * batch judges all its conditions before it enacts any.
 */
export function conditionalSteps<Args extends readonly unknown[], Answer>(
  alone: (...args: Args) => Promise<Answer | false>,
  steps: Steps<Args, Answer>,
): ((...args: Args) => Promise<Answer | false>) & Steps<Args, Answer> {
  return Object.assign((...args: Args) => alone(...args), steps)
}

type Operation<Context> = ((context: Context, ...args: Call['args']) => unknown) &
  Partial<Steps<readonly [Context, ...Call['args']], unknown>>

function find<Context>(operations: AsyncOperations<Context>, call: Call): Operation<Context> {
  return operationOf(operations, call)
}

/** Carries out one call that stands alone. */
export async function runAlone<Context>(
  operations: AsyncOperations<Context>,
  context: Context,
  call: Call,
): Promise<unknown> {
  return find(operations, call)(context, ...call.args)
}

/** Judges the conditions of a batch inside its transaction; throws for the first that does not hold. */
export async function judgeBatch<Context>(
  operations: AsyncOperations<Context>,
  context: Context,
  calls: readonly Call[],
): Promise<void> {
  for (const call of calls) {
    await named(call, async () => {
      if ((await find(operations, call).judge?.(context, ...call.args)) === false) throw conditionFailed(call)
    })
  }
  const counts = new Map<string, number>()
  for (const { protocol, operation, args } of calls) {
    if (protocol !== 'intentRetry' || operation !== 'increment') continue
    const dfid = args[0] as string
    if (!counts.has(dfid)) counts.set(dfid, await operations.intentRetry.getCount(context, dfid))
  }
  judgeCounts(calls, (dfid) => counts.get(dfid) ?? 0)
}

/** Writes one call of a batch inside its transaction, after all conditions were judged. */
export function enactCall<Context>(
  operations: AsyncOperations<Context>,
  context: Context,
  call: Call,
): Promise<unknown> {
  const operation = find(operations, call)
  return named(call, async () => (operation.enact ?? operation)(context, ...call.args))
}

async function named<T>(call: Call, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    throw locate(error, '', call.protocol, call.method)
  }
}
