import type { Instant } from '@dir/storage-core'
import { type Page, formatMicros, hostMicros } from '@dir/storage-core/adapter'

/** Lets other handles do something before the next step, as a database's round trip would. */
export async function pause(): Promise<void> {
  for (let turns = 1 + Math.floor(Math.random() * 3); turns > 0; turns--) await new Promise(setImmediate)
}

export const now = (): Instant => formatMicros(hostMicros())

/** Tells of times whether they lie so many microseconds back or more; null: any does. */
export function isOlder(leastAgeMicros: number | null): (time: Instant | null) => boolean {
  const latest = leastAgeMicros === null ? null : formatMicros(hostMicros() - leastAgeMicros)
  return (time) => latest === null || time === null || time <= latest
}

/** A page of rows that are in order; the cursor is the last row of the page before. */
export function pageAfter<Row>(
  rows: readonly Row[],
  cursor: string | null,
  compare: (one: Row, other: Row) => number,
): Page<Row> {
  const after = cursor === null ? null : (JSON.parse(cursor) as Row)
  const items = rows.filter((row) => after === null || compare(row, after) > 0).slice(0, 500)
  const last = items.at(-1)
  return { items, next: last === undefined ? null : JSON.stringify(last) }
}

/** What all handles of one namespace share. */
export class SeedStore {
  readonly #tables = new Map<string, Map<string, unknown>>()
  readonly #lists = new Map<string, unknown[]>()

  table<Row>(name: string): Map<string, Row> {
    const table = this.#tables.get(name) ?? new Map<string, unknown>()
    this.#tables.set(name, table)
    return table as Map<string, Row>
  }

  list<Row>(name: string): Row[] {
    const list = this.#lists.get(name) ?? []
    this.#lists.set(name, list)
    return list as Row[]
  }

  /** Reads a row; whatever it says may no longer be so when the caller acts on it. */
  async read<Row>(table: string, id: string): Promise<Row | null> {
    const row = this.table<Row>(table).get(id) ?? null
    await pause()
    return row
  }
}
