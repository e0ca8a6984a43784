/** What a backend's `open`, `close` and `destroy` may take, and any method beyond its own deadline. */
export const LIMIT_MS = {
  load: 60_000,
  open: 20_000,
  close: 20_000,
  destroy: 30_000,
  stall: 20_000,
  method: 15_000,
} as const

/** Something took longer than it may. The message says what. */
export class TimeLimitError extends Error {
  override readonly name = 'TimeLimitError'
}

/** @throws TimeLimitError if the act has not ended after so long. */
export async function within<T>(what: string, limitMs: number, act: () => Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => reject(new TimeLimitError(`${what} did not end within ${limitMs} ms.`)),
    limitMs,
  )
  return Promise.race([act(), late]).finally(() => clearTimeout(timer))
}
