import { setImmediate as nextTurn } from 'node:timers/promises'
import { TimeoutError } from '@dir/storage-core'
import type { SqliteConnection } from './connection.ts'
import { openReadOnly } from './read-only.ts'
import { Statements } from './statements.ts'
import type { Row, SqlValue } from './stored-row.ts'
import { untilFree, whenFree } from './waiting.ts'

interface Query {
  readonly sql: string
  readonly values: readonly SqlValue[]
}

interface ListSteps<Args extends readonly unknown[], Item> {
  readonly query: (db: Statements, ...args: Args) => Query
  readonly toItem: (row: Row) => Item
}

/** An operation whose answer is as long as the store has it, so that it is read in pages; see `readList`. */
export function listed<Args extends readonly unknown[], Item>(
  query: ListSteps<Args, Item>['query'],
  toItem: (row: Row) => Item,
): ((db: Statements, ...args: Args) => Item[]) & ListSteps<Args, Item> {
  const whole = (db: Statements, ...args: Args): Item[] => {
    const { sql, values } = query(db, ...args)
    return db.all(sql, ...values).map(toItem)
  }
  return Object.assign(whole, { query, toItem })
}

/** Undefined: the operation is none that `listed` made. */
export function stepsOf(operation: unknown): ListSteps<readonly unknown[], unknown> | undefined {
  const { query } = operation as Partial<ListSteps<readonly unknown[], unknown>>
  return query === undefined ? undefined : (operation as ListSteps<readonly unknown[], unknown>)
}

/**
 * Answers a list as it is at one moment. What does not fit into one page is read through a connection of its own, which
 * keeps that moment while other work goes on between the pages. `goesOn` throws to end it.
 */
export async function readList(
  db: SqliteConnection,
  { query, toItem }: ListSteps<readonly unknown[], unknown>,
  call: { readonly args: readonly unknown[]; readonly deadline: number },
  path: string,
  goesOn: () => void,
): Promise<unknown[]> {
  const { deadline } = call
  const { sql, values, short } = await whenFree(db, deadline, () => {
    const asked = query(db, ...call.args)
    const pages = db.pages(asked.sql, ...asked.values)
    const first = pages.next().value ?? []
    const isWhole = pages.next().done === true
    pages.return(undefined)
    db.checkFiles()
    return { ...asked, short: isWhole ? first : null }
  })
  if (short !== null) return short.map(toItem)

  const started = performance.now()
  const reader = openReadOnly(path)
  try {
    const statements = new Statements(reader)
    const begin = () => {
      const pages = statements.pages(sql, ...values)
      return { pages, first: pages.next() }
    }
    const { pages, first } = await untilFree(deadline, begin)
    const items: unknown[] = []
    try {
      for (let page = first; page.done !== true; page = pages.next()) {
        for (const row of page.value) items.push(toItem(row))
        await nextTurn()
        goesOn()
        if (performance.now() >= deadline) throw new TimeoutError(performance.now() - started, 'list')
      }
    } finally {
      pages.return(undefined)
    }
    db.checkFiles()
    return items
  } catch (error) {
    throw db.translate(error)
  } finally {
    reader.close()
  }
}
