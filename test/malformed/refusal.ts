import { inspect, isDeepStrictEqual } from 'node:util'
import { type StorageError, isStorageError } from '@dir/storage-core'
import { CLOSED, type Case } from './table.ts'
import { brief } from '../../conformance/src/scenarios/kit.ts'

/** What came of a call. */
export interface Answer {
  readonly how: 'was accepted' | 'rejects' | 'throws at once'
  readonly error?: unknown
}

/** Makes the call and waits for what it answers with: a promise, an iterable that is read to its end, or a value. */
export async function answerOf(call: () => unknown): Promise<Answer> {
  let answer: unknown
  try {
    answer = call()
  } catch (error) {
    return { how: 'throws at once', error }
  }
  try {
    await (isIterable(answer) ? Array.fromAsync(answer) : answer)
    return { how: 'was accepted' }
  } catch (error) {
    return { how: 'rejects', error }
  }
}

/** What an error must say of where it happened. */
export interface Place {
  readonly backend: string
  readonly protocol: string
  readonly operation: string
}

export interface Judgement {
  readonly how: Answer['how']
  /** Null: the errors of this call need not say where they happened. */
  readonly place: Place | null
  /** The same call's answer by the reference, which this one must equal in all but the backend. */
  readonly reference: Answer | undefined
}

/** How an answer differs from what the table says, in words; null where it does not. */
export function complaint(
  one: Case,
  answer: Answer | undefined,
  { how, place, reference }: Judgement,
): string | null {
  if (answer === undefined) throw new Error('Every call has an answer.')
  const seen = wordsOf(answer)
  const [errorClass, code] = one.refusal
  const about = code === CLOSED[1] || one.argument === '' ? '' : ` ${one.argument}`
  const wanted = `${how}: ${errorClass} ${code}${about}`
  const told = (what: string): string => `${one.argument} = ${brief(one.value).split('\n')[0]}: ${what}`
  if (seen !== wanted) return told(`${seen}, not ${wanted}`)
  const error = answer.error as StorageError
  const { backend, protocol, operation } = error
  if (place !== null && !isDeepStrictEqual({ backend, protocol, operation }, place))
    return told(`says that it came from ${backend}.${protocol}.${operation}`)
  if (error.outcome !== 'not-applied' || error.retryable) return told(`${error.outcome}, ${error.retryable}`)
  if (JSON.stringify([error, error.message, error.cause]).includes('quoted by the caller'))
    return told('quotes the payload')
  const [mine, theirs] = [shapeOf(answer), shapeOf(reference)]
  return isDeepStrictEqual(mine, theirs) ? null : told(`${inspect(mine)}, but in memory ${inspect(theirs)}`)
}

/** All of an error that the public sees, except for the backend's name. */
function shapeOf(answer: Answer | undefined): unknown {
  const error = answer?.error
  return isStorageError(error) ? { ...error.toJSON(), backend: '' } : error
}

function wordsOf({ how, error }: Answer): string {
  if (how === 'was accepted') return how
  if (!isStorageError(error)) return `${how}: ${error instanceof Error ? error.name : typeof error}, raw`
  const { name, code, argument, setting } = error as StorageError & { argument?: string; setting?: string }
  const about = argument ?? setting
  return `${how}: ${name} ${code}${about === undefined ? '' : ` ${about}`}`
}

function isIterable(answer: unknown): answer is AsyncIterable<unknown> {
  return typeof answer === 'object' && answer !== null && Symbol.asyncIterator in answer
}
