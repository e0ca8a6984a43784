import type { Protocol, StorageHandle } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { range } from './kit.ts'

/** How many call at once. */
export const CALLERS = 64

/** A verb that many call at once on one record, and what their answers and the record then are. */
export interface Verb {
  readonly words: string
  readonly protocols: readonly Protocol[]
  readonly capabilities?: NonNullable<Scenario['capabilities']>
  readonly prepare?: (storage: StorageHandle, id: string) => Promise<unknown>
  readonly act: (storage: StorageHandle, id: string, n: number) => Promise<unknown>
  /** The answers, and what is then there, in a form that does not depend on who came first. */
  readonly sum: (answers: readonly unknown[], storage: StorageHandle, id: string) => Promise<unknown>
  readonly expected: unknown
}

/** How many of the answers are this one. */
export const count = (answers: readonly unknown[], wanted: unknown): number =>
  answers.filter((answer) => JSON.stringify(answer) === JSON.stringify(wanted)).length

/** The answer of a call, or the code of its refusal. */
export const code = (call: Promise<unknown>): Promise<unknown> =>
  call.catch((error: { code?: string }) => error.code ?? error)

/** The numbers from 1. */
export const upTo = (most: number): number[] => range(most).map((n) => n + 1)
export const sorted = (numbers: readonly unknown[]): number[] =>
  (numbers as number[]).toSorted((a, b) => a - b)
