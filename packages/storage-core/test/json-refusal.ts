import { InvalidArgumentError } from '../src/errors/index.ts'

/** The argument and the reason with which a call is refused. */
export function refusalOf(call: () => unknown): readonly [argument: string, reason: string] {
  try {
    call()
  } catch (error) {
    if (error instanceof InvalidArgumentError) return [error.argument, error.reason]
    throw error
  }
  throw new Error('the call was not refused')
}
