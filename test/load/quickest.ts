type Act = () => Promise<unknown>

const ROUNDS = 50
/** On a busy machine it takes longer until nothing comes in between; for ever, what is slow might become quick by itself. */
const MOST_ROUNDS = 500

/** Milliseconds that the quickest of so many calls takes; it ends early below `limitMs`. */
async function least(act: Act, rounds: number, limitMs: number): Promise<number> {
  let ms = Infinity
  for (let round = 0; round < rounds && ms >= limitMs; round++) {
    const start = performance.now()
    await act()
    ms = Math.min(ms, performance.now() - start)
  }
  return ms
}

/** Milliseconds that the quickest of some calls takes, so that what else the machine does matters little. */
export const quickest = (act: Act): Promise<number> => least(act, ROUNDS, 0)

/** Calls until it took less than so many milliseconds; throws where that does not come. */
export async function expectQuick(act: Act, limitMs: number, what: string): Promise<void> {
  const ms = await least(act, MOST_ROUNDS, limitMs)
  if (ms >= limitMs) throw new Error(`${what} took ${ms} ms or more, and not less than ${limitMs}`)
}

/** Reads the first page of a list. */
export async function firstPage(list: AsyncIterable<unknown>): Promise<void> {
  const pages = list[Symbol.asyncIterator]()
  await pages.next()
  await pages.return?.(undefined)
}
