import type { Protocol } from '@dir/storage-core'
import type { Mutant } from './mutant.ts'
import { type Changes, over } from './over.ts'

/** A list that is read page by page, as its method has it. */
export type List<Item, Filter> = (filter?: Filter) => AsyncIterable<Item>

/** Changes such a list of a handle, whose methods still see the sound one. */
export function listing<Item extends object, Filter extends object>(
  protocol: Protocol,
  method: string,
  change: (list: List<Item, Filter>) => List<Item, Filter>,
): Mutant['wrap'] {
  return over((sound): Changes => {
    const store = sound[protocol] as unknown as Record<string, List<Item, Filter>>
    const list: List<Item, Filter> = (filter) => store[method]?.(filter) as AsyncIterable<Item>
    return { [protocol]: { [method]: change(list) } } as Changes
  })
}

/** What is malformed is still refused. */
export const isFilter = <Filter extends object>(filter: Filter | undefined): filter is Filter =>
  typeof filter === 'object' &&
  filter !== null &&
  Object.entries(filter).every(([, value]) => ['string', 'number', 'undefined'].includes(typeof value))

/** Asks without some members of the filter. */
export const asking =
  <Item, Filter extends object>(change: (filter: Filter) => Filter) =>
  (list: List<Item, Filter>): List<Item, Filter> =>
  (filter) =>
    list(isFilter(filter) ? change(filter) : filter)

/** Everything that is listed, in another order. */
export const sorted =
  <Item, Filter>(compare: (one: Item, other: Item) => number) =>
  (list: List<Item, Filter>): List<Item, Filter> =>
    async function* (filter) {
      yield* (await Array.fromAsync(list(filter))).toSorted(compare)
    }
