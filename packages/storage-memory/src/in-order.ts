import { firstFrom } from './sorted.ts'
import { Table } from './table.ts'

/** How many of a list one page looks at. */
export const PAGE = 500

interface Placed<Row> {
  readonly place: number
  /** Undefined: it was removed. */
  row: Row | undefined
}

/** Of all lists, so that no place comes again in one that begins anew. */
let places = 0

/**
 * One row a flow, found by the flow and in the order of insertion. What is removed leaves a gap, which costs less than to
 * close it; when gaps are more than the rest, they go.
 */
export class InOrder<Row extends { readonly dfid: string }> {
  readonly #byFlow = new Table<Placed<Row>>()
  #inOrder: Placed<Row>[] = []

  get size(): number {
    return this.#byFlow.size
  }

  get(dfid: string): Row | undefined {
    return this.#byFlow.get(dfid)?.row
  }

  /** Puts a row at the end; an older one of its flow is gone. */
  add(row: Row): void {
    this.remove(row.dfid)
    const placed = { place: ++places, row }
    this.#byFlow.set(row.dfid, placed)
    this.#inOrder.push(placed)
  }

  /** Changes the row of a flow where it stands. */
  change(dfid: string, change: Partial<Row>): void {
    const placed = this.#byFlow.get(dfid)
    if (placed?.row !== undefined) placed.row = { ...placed.row, ...change }
  }

  remove(dfid: string): void {
    const placed = this.#byFlow.get(dfid)
    if (placed === undefined) return
    placed.row = undefined
    this.#byFlow.delete(dfid)
    if (this.#inOrder.length <= 2 * this.size) return
    this.#inOrder = this.#inOrder.filter(({ row }) => row !== undefined)
  }

  all(): Row[] {
    return this.#inOrder.flatMap(({ row }) => row ?? [])
  }

  /** Those that are wanted of a page after `cursor`, which is the place of the last one that an earlier page looked at. */
  page(
    cursor: string | null,
    isWanted: (row: Row) => boolean,
  ): { readonly items: readonly Row[]; readonly next: string | null } {
    const page: Row[] = []
    let next: string | null = null
    for (let index = this.#from(Number(cursor) + 1); page.length < PAGE; index++) {
      const placed = this.#inOrder[index]
      if (placed === undefined) break
      if (placed.row === undefined) continue
      page.push(placed.row)
      next = String(placed.place)
    }
    return { items: page.filter(isWanted), next }
  }

  #from(place: number): number {
    return firstFrom(this.#inOrder, (placed) => placed.place < place)
  }
}
