import type { Packable } from './msgpack.ts'
import { type RedisReader, type Reply, as } from './protocol.ts'

/**
 * Everything that a function answers page by page, each page as it is at its own moment: no script's time grows with
 * the store. `after` is where the function starts; it comes after the other arguments.
 */
export async function allPages<Row>(
  redis: RedisReader,
  after: string,
  name: string,
  ...args: readonly Packable[]
): Promise<Row[]> {
  const all: Row[] = []
  for (let at: string | null = after; at !== null;) {
    const reply: Reply = await redis.read(name, ...args, at)
    const [rows, next] = as<[readonly Row[], string | null]>(reply)
    all.push(...rows)
    at = next
  }
  return all
}

/** What was written anew while a list was read stands in it twice: the later one is the newer. */
export function lastOfEach<Row>(rows: readonly Row[], idOf: (row: Row) => string): Row[] {
  const last = new Map(rows.map((row, index) => [idOf(row), index]))
  return rows.filter((row, index) => last.get(idOf(row)) === index)
}
