/**
 * Rows in the order of insertion, found by their flows. What is removed stays where it stands, marked as gone, which costs
 * less than to close up; when that is more than the rest, it goes.
 */
export class Log<Row extends { readonly dfid: string }> {
  #rows: Row[] = []
  readonly #byFlow = new Map<string, Row[]>()
  readonly #gone = new Set<Row>()

  get size(): number {
    return this.#rows.length - this.#gone.size
  }

  add(row: Row): void {
    this.#rows.push(row)
    const flow = this.#byFlow.get(row.dfid)
    if (flow === undefined) this.#byFlow.set(row.dfid, [row])
    else flow.push(row)
  }

  /** Of one flow, or of all (null), those among them that `has` does not know any more. */
  rows(dfid: string | null): readonly Row[] {
    return dfid === null ? this.#rows : (this.#byFlow.get(dfid) ?? [])
  }

  has(row: Row): boolean {
    return !this.#gone.has(row)
  }

  /** All of them. */
  all(dfid: string | null = null): Row[] {
    return this.rows(dfid).filter((row) => this.has(row))
  }

  last(): Row | undefined {
    return this.#rows.findLast((row) => this.has(row))
  }

  removeFlow(dfid: string): void {
    for (const row of this.rows(dfid)) this.#gone.add(row)
    this.#byFlow.delete(dfid)
    if (this.#gone.size <= this.size) return
    this.closeUp()
    this.#gone.clear()
  }

  /** Drops from each list what is gone. */
  protected closeUp(): void {
    this.#rows = this.all()
  }
}
