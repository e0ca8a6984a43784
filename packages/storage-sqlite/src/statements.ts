import { hostMicros } from '@dir/storage-core/adapter'
import type BetterSqlite3 from 'better-sqlite3'
import type { Row, SqlValue } from './stored-row.ts'

const PAGE_BYTES = 1024 * 1024

/** Statements on one database, each prepared once. */
export class Statements {
  protected readonly db: BetterSqlite3.Database
  readonly #statements = new Map<string, BetterSqlite3.Statement<SqlValue[], Row>>()
  #written = 0
  /** When the transaction began, while there is one. */
  protected moment: number | null = null
  #numericJson: ReadonlySet<string> = new Set()

  constructor(db: BetterSqlite3.Database) {
    this.db = db
  }

  /** The host's clock in microseconds. A transaction has one time: what it judged as expired is what it removes. */
  time(): number {
    return this.moment ?? hostMicros()
  }

  get(sql: string, ...values: SqlValue[]): Row | undefined {
    return this.#prepare(sql).get(...values)
  }

  all(sql: string, ...values: SqlValue[]): Row[] {
    return this.#prepare(sql).all(...values)
  }

  run(sql: string, ...values: SqlValue[]): { readonly changes: number; readonly rowid: number } {
    const { changes, lastInsertRowid } = this.#prepare(sql).run(...values)
    this.#written += changes
    return { changes, rowid: Number(lastInsertRowid) }
  }

  get isInTransaction(): boolean {
    return this.db.inTransaction
  }

  /** How many rows were written since it was opened, those that were undone too. */
  get written(): number {
    return this.#written
  }

  /** An answer in pages of about a megabyte, at least one row each, however large it is. To be ended with `return()`. */
  *pages(sql: string, ...values: SqlValue[]): Generator<Row[], undefined> {
    let rows: Row[] = []
    let bytes = 0
    for (const row of this.#prepare(sql).iterate(...values)) {
      rows.push(row)
      for (const value of Object.values(row))
        bytes += typeof value === 'string' || value instanceof Buffer ? value.length : 8
      if (bytes < PAGE_BYTES) continue
      yield rows
      rows = []
      bytes = 0
    }
    if (rows.length > 0) yield rows
    return undefined
  }

  /** The first of the pages. */
  page(sql: string, ...values: SqlValue[]): Row[] {
    const pages = this.pages(sql, ...values)
    const rows = pages.next().value ?? []
    pages.return(undefined)
    return rows
  }

  /** Statements of a script, or pragmas; their answers are dropped. */
  exec(sql: string): void {
    this.db.exec(sql)
  }

  pragma(pragma: string): unknown {
    return this.db.pragma(pragma, { simple: true })
  }

  /**
   * JSON text as a column takes it. Columns that Python declared JSON would turn a bare number such as `1.0` into a
   * number, so there it goes in as bytes, which Python's `json.loads` reads as well.
   */
  json(column: string, text: string): string | Buffer {
    return this.#numericJson.has(column) && /^\s*[-\d]/.test(text) ? Buffer.from(text) : text
  }

  /** Looks once which JSON columns have NUMERIC affinity. */
  findNumericJson(): void {
    const rows =
      this.all(/* sql */ `SELECT m.name || '.' || c.name AS name FROM sqlite_master m, pragma_table_info(m.name) c
        WHERE m.type = 'table' AND UPPER(c.type) = 'JSON'`)
    this.#numericJson = new Set(rows.map((row) => String(row['name'])))
  }

  /** Whether Python created tables here. */
  get hasNumericJson(): boolean {
    return this.#numericJson.size > 0
  }

  protected forgetStatements(): void {
    this.#statements.clear()
  }

  #prepare(sql: string): BetterSqlite3.Statement<SqlValue[], Row> {
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = this.db.prepare<SqlValue[], Row>(sql).safeIntegers(true)
      this.#statements.set(sql, statement)
    }
    return statement
  }
}
