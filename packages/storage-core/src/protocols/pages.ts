import { InternalError } from '../errors/index.ts'
import type { Page } from './protocol.ts'

/** Every item of a list, whose pages are asked for one by one, each when those before it were read. */
export async function* fromPages<Item>(
  ask: (cursor: string | null) => Promise<Page<Item>>,
): AsyncGenerator<Item> {
  for (let cursor: string | null = null; ;) {
    const { items, next }: Page<Item> = await ask(cursor)
    yield* items
    if (next === null) return
    // an adapter that does not go on would be asked for ever
    if (next === cursor) throw new InternalError('A page leads to itself; please report it.')
    cursor = next
  }
}
