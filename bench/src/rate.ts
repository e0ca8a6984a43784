/** A call of one of so many callers, the `round`th of that caller's flow. */
export type Act = (flow: string, round: number) => unknown

const MILLISECONDS = 300

let begun = 0

/** Calls a second of so many callers, each of whom waits for its acknowledgement before it goes on. */
export async function rate(act: Act, callers: number): Promise<number> {
  const started = performance.now()
  let calls = 0
  const call = async (flow: string): Promise<void> => {
    for (let round = 0; performance.now() - started < MILLISECONDS; round++, calls++) await act(flow, round)
  }
  await Promise.all(Array.from({ length: callers }, () => call(`flow-${String(begun++).padStart(9, '0')}`)))
  return (calls * 1000) / (performance.now() - started)
}

export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0
