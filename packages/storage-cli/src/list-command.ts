import type { StorageHandle } from '@dir/storage-core'
import type { Command, CommandOption } from './command.ts'
import { EXIT } from './exit-code.ts'
import type { Column } from './output.ts'
import { duration, wholeNumber } from './parse.ts'

export const FLOW: CommandOption = { flags: '--flow <id>', description: 'only those of this flow' }

export const OLDER_THAN: CommandOption = {
  flags: '--older-than <age>',
  description: 'only those of so long ago or more, such as 90s, 15m, 2h or 7d',
  parse: duration,
}

const LIMIT: CommandOption = {
  flags: '--limit <count>',
  description: 'no more than so many',
  parse: wholeNumber(1),
}

interface List<Options, Item> extends Omit<Command<Options>, 'run'> {
  readonly items: (storage: StorageHandle, options: Options) => AsyncIterable<Item>
  readonly columns: readonly Column<Item>[]
}

/** A command that lists what a store has, page by page. */
export function listCommand<Options, Item>({
  items,
  columns,
  ...about
}: List<Options, Item>): Command<Options & { readonly limit?: number }> {
  return {
    ...about,
    options: [...about.options, LIMIT],
    async run({ options, output, notes, open }) {
      const { storage } = await open('use')
      let unreadable = 0
      const counted = async function* (): AsyncGenerator<Item> {
        for await (const item of first(items(storage, options), options.limit ?? Infinity)) {
          if ((item as { readonly error?: unknown }).error !== undefined) unreadable++
          yield item
        }
      }
      const listed = await output.list(counted(), columns)
      if (unreadable > 0)
        notes.warn(`of ${unreadable}, something that is stored cannot be read; --json says what`)
      if (listed === 0 && !output.isJson) notes.say('none')
      return EXIT.fine
    },
  }
}

async function* first<Item>(items: AsyncIterable<Item>, most: number): AsyncGenerator<Item> {
  let left = most
  for await (const item of items) {
    yield item
    if (--left === 0) return
  }
}

/** Options that are given under the names that the contract has for them. */
export function given<T extends object>(filter: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(filter).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> }
}
