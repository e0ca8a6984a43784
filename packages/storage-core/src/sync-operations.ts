import type { Operations, Protocol } from './bundle.ts'
import type { Call, SyncImplementation, Work } from './call.ts'
import { ConflictError, locate } from './errors.ts'

/** All operations of an adapter whose store answers synchronously. */
export type SyncOperations<Context> = { readonly [P in Protocol]: SyncImplementation<Operations[P], Context> }

type Judged<Args extends readonly unknown[], Answer> = ((...args: Args) => Answer | false) & {
  judge(...args: Args): boolean
  apply(...args: Args): Answer
}

/**
 * An operation that writes only where its condition holds. Called alone it judges and applies, or answers false;
 * a batch judges all its conditions before it applies any. `judge` may throw a refusal of its own.
 */
export function conditional<Args extends readonly unknown[], Answer>(
  judge: (...args: Args) => boolean,
  apply: (...args: Args) => Answer,
): Judged<Args, Answer> {
  return Object.assign((...args: Args) => (judge(...args) ? apply(...args) : (false as const)), {
    judge,
    apply,
  })
}

type Operation = ((...args: readonly unknown[]) => unknown) & Partial<Judged<readonly unknown[], unknown>>

function find<Context>(operations: SyncOperations<Context>, call: Call): Operation {
  return (operations[call.protocol] as unknown as Record<string, Operation>)[call.operation] as Operation
}

/** Runs one call. */
export function runCall<Context>(operations: SyncOperations<Context>, context: Context, call: Call): unknown {
  return find(operations, call)(context, ...call.args)
}

/** Runs the calls of one piece of work, inside the adapter's transaction, which must undo all of them if this throws. */
export function runWork<Context>(
  operations: SyncOperations<Context>,
  context: Context,
  work: Work,
): unknown[] {
  if (!work.atomic) return work.calls.map((call) => runCall(operations, context, call))
  for (const call of work.calls) named(call, () => judge(find(operations, call), context, call))
  return work.calls.map((call) =>
    named(call, () => {
      const operation = find(operations, call)
      return (operation.apply ?? operation)(context, ...call.args)
    }),
  )
}

function judge(operation: Operation, context: unknown, call: Call): void {
  if (operation.judge?.(context, ...call.args) === false)
    throw new ConflictError(
      `The condition of ${call.method} does not hold any more; nothing of the batch was written.`,
    )
}

function named<T>(call: Call, act: () => T): T {
  try {
    return act()
  } catch (error) {
    throw locate(error, '', call.protocol, call.method)
  }
}
