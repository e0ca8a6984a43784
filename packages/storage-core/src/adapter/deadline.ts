/** Calls back in the next turn of the event loop: Node's own timer, also where a test has put another in its place. */
export const nextTurn: (callback: () => void) => unknown = setImmediate

/** A longer timer would fire at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1

/** `promise`, or at `deadline` (on the clock of `performance.now()`) a rejection with `late()`; `promise` runs on. */
export function settleBy<T>(deadline: number, promise: Promise<T>, late: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const end = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(late()),
      Math.min(MAX_TIMER_MS, Math.max(0, deadline - performance.now())),
    )
  })
  return Promise.race([promise, end]).finally(() => clearTimeout(timer))
}
