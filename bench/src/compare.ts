import type { Act } from './workloads.ts'

export interface Comparison {
  /** Medians of the rounds, in turns a second. */
  readonly one: number
  readonly other: number
  /** Of the other to the one. */
  readonly ratio: number
}

/** Turns a second of so many callers, each of whom waits for its acknowledgement before it goes on. */
export async function rate(act: Act, callers: number, milliseconds: number): Promise<number> {
  const started = performance.now()
  let turns = 0
  const caller = async (_: unknown, index: number): Promise<void> => {
    while (performance.now() - started < milliseconds) await act(turns++, index)
  }
  await Promise.all(Array.from({ length: callers }, caller))
  return (turns * 1000) / (performance.now() - started)
}

/** Of an even number of them, the upper one of the middle. */
export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN

type Measure = () => Promise<number>

/** Both sides in turn, so that what else the machine does falls on both. The ratio is the median of the rounds'. */
export async function inTurn(one: Measure, other: Measure, rounds: number): Promise<Comparison> {
  await one()
  await other()
  const pairs: (readonly [number, number])[] = []
  for (let round = 0; round < rounds; round++) pairs.push([await one(), await other()])
  return {
    one: median(pairs.map(([first]) => first)),
    other: median(pairs.map(([, second]) => second)),
    ratio: median(pairs.map(([first, second]) => second / first)),
  }
}

/** What so many callers get done in so long. */
export function compare(
  one: Act,
  other: Act,
  callers: number,
  { rounds, milliseconds }: { readonly rounds: number; readonly milliseconds: number },
): Promise<Comparison> {
  const measuring = (act: Act) => (): Promise<number> => rate(act, callers, milliseconds)
  return inTurn(measuring(one), measuring(other), rounds)
}
