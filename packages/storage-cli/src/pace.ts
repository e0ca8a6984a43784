import type { Notes } from './notes.ts'

const number = (value: number): string => Math.round(value).toLocaleString('en').replaceAll(',', ' ')

/** Says in a line of progress how many items have passed, and how quickly. */
export async function* paced<Item>(
  items: AsyncIterable<Item>,
  notes: Notes,
  what: string,
): AsyncGenerator<Item> {
  const start = performance.now()
  let count = 0
  for await (const item of items) {
    count++
    notes.progress(() => {
      const perSecond = count / ((performance.now() - start) / 1_000)
      return `${number(count)} records ${what}, ${number(perSecond)} a second`
    })
    yield item
  }
}
