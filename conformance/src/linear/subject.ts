import type { Capability, Protocol, StorageHandle } from '@dir/storage-core'
import type { StorageErrorLike } from '../assert.ts'
import type { Observed, Sequential } from './checker.ts'

/** An object of the store that several clients use at once, and what it would answer if they used it in turn. */
export interface Subject<State = unknown, Input = unknown> extends Sequential<State, Input> {
  readonly name: string
  readonly title: string
  readonly protocol: Protocol
  readonly capabilities: readonly Capability[]
  /** The next call of client number `client`. `answers` are those it got so far, `all` those that anybody here got. */
  readonly draw: (
    random: () => number,
    client: number,
    answers: readonly unknown[],
    all: readonly unknown[],
  ) => Input
  readonly perform: (storage: StorageHandle, id: string, input: Input) => Promise<unknown>
}

/** Loses the two types of a subject: whoever runs it only passes its own values back to it. */
export function subject<State, Input>(one: Subject<State, Input>): Subject {
  return one as unknown as Subject
}

/** One of the items, each as likely as the others. */
export function pick<T>(random: () => number, items: readonly T[]): T {
  return items[Math.floor(random() * items.length)] as T
}

export function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

export interface ClientOptions {
  readonly storage: StorageHandle
  readonly id: string
  readonly client: number
  readonly calls: number
  readonly random: () => number
  /** A moment, on a clock that all clients share. */
  readonly clock: () => number
  /** The answers of all clients that were given the same list. */
  readonly all?: unknown[]
}

/** Makes `calls` calls one after another. @returns what it saw of each. */
export async function drive(
  { draw, perform }: Subject,
  { storage, id, client, calls, random, clock, all = [] }: ClientOptions,
): Promise<Observed[]> {
  const seen: Observed[] = []
  const answers: unknown[] = []
  for (let left = calls; left > 0; left--) {
    const input = draw(random, client, answers, all)
    const start = clock()
    try {
      const output = await perform(storage, id, input)
      seen.push({ input, output, start, end: clock() })
      answers.push(output)
      all.push(output)
    } catch (error) {
      const { outcome, retryable } = error as Partial<StorageErrorLike>
      if (outcome === 'unknown') seen.push({ input, start, end: Infinity })
      else if (retryable !== true) throw error // a retryable one that was not applied never happened
    }
    if (random() < 0.3) await new Promise(setImmediate)
  }
  return seen
}
