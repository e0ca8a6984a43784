import { AssertionFailure } from './assert.ts'
import { causesOf } from './causes.ts'
import { Inconclusive, NotThere } from './verdict.ts'

/** What a result says of an error: of a broken promise what was seen, of anything else its stack and its causes. */
export function messageOf(error: unknown): string {
  const own = [AssertionFailure, Inconclusive, NotThere].some((kind) => error instanceof kind)
  if (own) return (error as Error).message
  if (!(error instanceof Error)) return String(error)
  const stack = (error.stack ?? error.message).split('\n').filter((line) => !line.includes('node:internal'))
  return [...stack.slice(0, 12), ...causesOf(error)].join('\n')
}
