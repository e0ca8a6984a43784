import { inspect } from 'node:util'
import type { Capability, StorageHandle, StorageRecord } from '@dir/storage-core'
import { ATOMIC_CAPABILITIES, type Counters } from '@dir/storage-core/adapter'
import type { Scenario, ScenarioContext } from '../scenario.ts'

type Shared = Pick<Scenario, 'level' | 'protocols'> &
  Partial<Pick<Scenario, 'needs' | 'capabilities' | 'uses'>>
type Entry = Omit<Scenario, keyof Shared> & Partial<Shared>

/** Scenarios that have most of what surrounds their `run` in common; an entry may differ. */
export function group(shared: Shared, entries: readonly Entry[]): readonly Scenario[] {
  return entries.map((entry) => ({ ...shared, ...entry }))
}

/** What level `atomic` asks for, and export: for scenarios that use all of it. */
export const ALL: readonly Capability[] = [...ATOMIC_CAPABILITIES, 'export']

/** How many child processes take part where several do. */
export const PROCESSES = 5

/** The form of every time that comes out. */
export const TIME: RegExp = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/

/** A time before any that a scenario makes. */
export const LONG_AGO = '2000-01-01'

/** Ids that a careless comparison takes for `id`. */
export function nearMisses(id: string): readonly string[] {
  const start = id.slice(0, -1)
  const upper = id.toUpperCase()
  const longer = ' 0\n:%*\u0301\u0001'.split('').map((character) => id + character)
  const patterns = '_%?*.'.split('').map((character) => start + character)
  return [start, ` ${id}`, `0${id}`, ...longer, ...patterns, upper === id ? id.toLowerCase() : upper]
}

/** `list` without members that differ from run to run. */
export function without<T extends object, K extends keyof T>(
  list: readonly T[],
  ...keys: readonly K[]
): Omit<T, K>[] {
  return list.map((item) => {
    return Object.fromEntries(
      Object.entries(item).filter(([key]) => !(keys as readonly unknown[]).includes(key)),
    ) as Omit<T, K>
  })
}

/** `count` handles of their own on the scenario's namespace, ready for use. */
export async function openHandles(
  context: ScenarioContext,
  count: number,
): Promise<readonly StorageHandle[]> {
  const handles = await Promise.all(Array.from({ length: count }, () => context.open()))
  await Promise.all(handles.map((handle) => handle.init()))
  return handles
}

/** Lets 16 racers go at once, spread over `handles`. @returns their answers. */
export function race<T>(
  handles: readonly StorageHandle[],
  act: (storage: StorageHandle, racer: number) => Promise<T>,
  racers = 16,
): Promise<T[]> {
  return Promise.all(
    Array.from({ length: racers }, (_, racer) =>
      act(handles[racer % handles.length] as StorageHandle, racer),
    ),
  )
}

/** Asks until the answer is `done`, for at most `patienceMs`. @returns the last answer. */
export async function until<T>(
  ask: () => Promise<T>,
  done: (answer: T) => boolean,
  patienceMs = 15_000,
): Promise<T> {
  const end = performance.now() + patienceMs
  for (;;) {
    const answer = await ask()
    if (done(answer) || performance.now() >= end) return answer
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** `records` as a whole export: with their counters at the end. */
export function whole(
  records: readonly StorageRecord[],
  { seq = 0, fence = 0 }: Partial<Counters> = {},
): readonly StorageRecord[] {
  return [...records, { type: 'counters', seq, fence, records: records.length }]
}

/** `count` numbers from 0. */
export function range(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index)
}

/** A value as the name of an assertion shows it. */
export function brief(value: unknown): string {
  return inspect(value, { maxStringLength: 24, breakLength: Infinity, depth: 2 }).slice(0, 80)
}

/** The answer of a method: where that is an iterable, all that it goes through. */
export async function answerOf(given: unknown): Promise<unknown> {
  const isIterable = typeof given === 'object' && given !== null && Symbol.asyncIterator in given
  return isIterable ? Array.fromAsync(given as AsyncIterable<unknown>) : given
}

/** The last answer of calls that were all issued before the first was answered. */
export async function last(...calls: readonly Promise<unknown>[]): Promise<unknown> {
  return (await Promise.all(calls)).at(-1)
}

const INIT_PATIENCE_MS = 60_000

/** Initialises, again and again where the store was too slow for the deadline. */
export async function initAtLast(storage: StorageHandle): Promise<void> {
  const end = performance.now() + INIT_PATIENCE_MS
  for (;;) {
    try {
      return await storage.init()
    } catch (error) {
      if ((error as { code?: string }).code !== 'STORAGE_TIMEOUT' || performance.now() > end) throw error
    }
  }
}
