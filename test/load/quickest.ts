type Act = () => Promise<unknown>

const ROUNDS = 50
/** On a machine that is busy with other things it takes longer until nothing comes in between. */
const MOST_ROUNDS = 5_000

async function timed(act: Act): Promise<number> {
  const start = performance.now()
  await act()
  return performance.now() - start
}

/** Milliseconds that the quickest of some calls takes, so that what else the machine does matters little. */
export async function quickest(act: Act): Promise<number> {
  let least = Infinity
  for (let round = 0; round < ROUNDS; round++) least = Math.min(least, await timed(act))
  return least
}

/** Calls until it took less than so many milliseconds; throws where that does not come. */
export async function expectQuick(act: Act, limitMs: number, what: string): Promise<void> {
  let least = Infinity
  for (let round = 0; round < MOST_ROUNDS && least >= limitMs; round++)
    least = Math.min(least, await timed(act))
  if (least >= limitMs) throw new Error(`${what} took ${least} ms or more, and not less than ${limitMs}`)
}

/** Reads the first page of a list. */
export async function firstPage(list: AsyncIterable<unknown>): Promise<void> {
  const pages = list[Symbol.asyncIterator]()
  await pages.next()
  await pages.return?.(undefined)
}
