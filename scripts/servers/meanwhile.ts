/**
 * Calls `act` over and over in several lanes while `during` runs, and ends with it, however it ends: lanes that went on
 * after a failed test would keep the process busy for ever. Between two calls a lane lets everything else have its turn,
 * also where the calls are refused at once.
 */
export async function meanwhile<T>(
  lanes: number,
  act: (lane: number, n: number) => Promise<unknown>,
  during: () => Promise<T>,
): Promise<T> {
  let isOver = false
  const running = Promise.all(
    Array.from({ length: lanes }, async (_, lane) => {
      for (let n = 0; !isOver; n++) {
        await act(lane, n)
        await new Promise(setImmediate)
      }
    }),
  )
  running.catch(() => {}) // it is awaited at the end
  let answer: T
  try {
    answer = await during()
  } finally {
    isOver = true
  }
  await running
  return answer
}
