import type { MongoContext } from './mongo-context.ts'
import type { Wanted } from './load.ts'
import type { LoadedState } from './loaded-state.ts'

/**
 * Adds what the operation needs to have loaded to what is wanted. One without writes blindly: alone it needs no
 * transaction.
 */
type Needs<Args extends readonly unknown[]> = (wanted: Wanted, ...args: Args) => void

/**
 * One statement that does the same where it certainly may, so that a lone call needs no transaction. Answers null, or
 * meets a document of the same `_id`, where it has written nothing: then the operation itself judges.
 */
type Shortcut<Args extends readonly unknown[], Answer> = (
  context: MongoContext,
  ...args: Args
) => Promise<Answer | null>

/** An operation on the loaded state, with what it needs loaded. */
export function needing<Operation extends (...args: never[]) => unknown>(
  needs: Needs<ArgumentsOf<Operation>>,
  operation: Operation,
  shortcut?: Shortcut<ArgumentsOf<Operation>, Exclude<ReturnType<Operation>, false>>,
): Operation & Writing {
  return Object.assign(operation, { needs, shortcut }) as Operation & Writing
}

type ArgumentsOf<Operation> = Operation extends (state: never, ...args: infer A) => unknown ? A : never

/** A statement or several that need nothing loaded and no transaction, and are carried out while no other work is. */
export function outside<Args extends readonly unknown[], Answer>(
  shortcut: (context: MongoContext, ...args: Args) => Promise<Answer>,
) {
  const inside = (_: LoadedState, ..._args: Args): Answer => {
    throw new Error('this is carried out outside of a transaction')
  }
  return Object.assign(inside, { shortcut, apart: 'alone' } as const)
}

export interface Writing {
  readonly needs?: Needs<readonly unknown[]>
  readonly shortcut?: Shortcut<readonly unknown[], unknown>
  /** It shares no commit with what is not of its kind, or with nothing at all. */
  readonly apart?: 'prunes' | 'alone'
}
