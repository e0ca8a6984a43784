// What the processes of `crowd` do.
import type { With } from '@dir/storage-conformance'

const RESOURCES = 16
const CAPACITY = 1_000_000

export interface Crowd {
  /** Acquires with their releases. */
  readonly pairs: number
  /** How long the slowest call took. */
  readonly longestMs: number
}

/** So many callers, each of whom acquires one of a few resources and releases it, again and again. */
export async function crowd({
  storage: { resourceLock },
  args: { callers, milliseconds },
  index,
}: With<{ callers: number; milliseconds: number }>): Promise<Crowd> {
  let [pairs, longestMs, turn] = [0, 0, index]
  const timed = async (act: () => Promise<unknown>): Promise<void> => {
    const begun = performance.now()
    await act()
    longestMs = Math.max(longestMs, performance.now() - begun)
  }
  const end = performance.now() + milliseconds
  const caller = async (_: unknown, number: number): Promise<void> => {
    const flow = `flow ${index} ${number}`
    while (performance.now() < end) {
      const resource = `resource ${turn++ % RESOURCES}`
      const capacities = { [resource]: CAPACITY }
      await timed(() => resourceLock.acquire(flow, { [resource]: 1 }, 5, { capacities }))
      await timed(() => resourceLock.release(flow))
      pairs++
    }
  }
  await Promise.all(Array.from({ length: callers }, caller))
  return { pairs, longestMs }
}
