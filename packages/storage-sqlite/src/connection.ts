import { statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  CorruptionError,
  type Outcome,
  ResourceContentionError,
  type StorageError,
  hostMicros,
} from '@dir/storage-core'
import type BetterSqlite3 from 'better-sqlite3'
import { commitOutcome, fileMoved, isBusy, mapError } from './errors.ts'
import type { Row, SqlValue } from './stored-row.ts'

const PAGE_BYTES = 1024 * 1024

/** One open database. Everything on it is synchronous, so a transaction is over before anything else can run. */
export class SqliteConnection {
  readonly #db: BetterSqlite3.Database
  /** Null: in memory. */
  readonly #path: string | null
  readonly #file: string | null
  readonly #statements = new Map<string, BetterSqlite3.Statement<SqlValue[], Row>>()
  #written = 0
  #numericJson: ReadonlySet<string> = new Set()
  #time: number | null = null
  /** What told that the file is damaged; nothing more is written to it. */
  #damage: unknown = null

  constructor(db: BetterSqlite3.Database, path: string | null) {
    this.#db = db.defaultSafeIntegers(true)
    this.#path = path
    this.#file = path === null ? null : identify(path)
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

  /** How many rows were written since it was opened, those that were undone too. */
  get written(): number {
    return this.#written
  }

  /** The first rows of an answer, about a megabyte of them and at least one, however large a row is. */
  page(sql: string, ...values: SqlValue[]): Row[] {
    const rows: Row[] = []
    let bytes = 0
    for (const row of this.#prepare(sql).iterate(...values)) {
      rows.push(row)
      for (const value of Object.values(row))
        bytes += typeof value === 'string' || value instanceof Buffer ? value.length : 8
      if (bytes >= PAGE_BYTES) break
    }
    return rows
  }

  /** Statements of a script, or pragmas; their answers are dropped. */
  exec(sql: string): void {
    this.#db.exec(sql)
  }

  pragma(pragma: string): unknown {
    return this.#db.pragma(pragma, { simple: true })
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

  /** EXCLUSIVE, so that readers of a rollback journal cannot make COMMIT wait; in WAL mode it keeps only writers out. */
  begin(): void {
    if (this.#damage !== null) throw this.#damage
    this.checkFile()
    this.run('BEGIN EXCLUSIVE')
    this.#time = hostMicros()
  }

  /**
   * The host's clock in microseconds; a transaction has one time, so that what it judged as expired is what it removes,
   * even if the clock steps back meanwhile.
   */
  time(): number {
    return this.#time ?? hostMicros()
  }

  /** Throws the driver's error, which `commitOutcome` judges; the transaction is over in any case. */
  commit(): void {
    this.#time = null
    try {
      this.run('COMMIT')
    } catch (error) {
      this.rollback()
      throw error
    }
    this.checkFile()
  }

  rollback(): void {
    this.#time = null
    if (this.#db.inTransaction) this.run('ROLLBACK')
  }

  /** What the act does is committed, or undone where it throws. */
  transaction<T>(act: () => T): T {
    this.begin()
    let answer: T
    try {
      answer = act()
    } catch (error) {
      this.rollback()
      throw error
    }
    try {
      this.commit()
    } catch (error) {
      throw isBusy(error) ? error : this.translate(error, commitOutcome(error))
    }
    return answer
  }

  /** Runs the act, again and again while other connections are in its way; other work goes on meanwhile. */
  async whenFree<T>(deadline: number, act: () => T): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return act()
      } catch (error) {
        if (!isBusy(error)) throw this.translate(error)
        if (performance.now() >= deadline) throw new ResourceContentionError(attempt)
      }
      await pause(attempt)
    }
  }

  /** `mapError`, remembering damage. */
  translate(error: unknown, outcome?: Outcome): StorageError {
    const mapped = mapError(error, outcome)
    if (mapped instanceof CorruptionError) this.#damage = error
    return mapped
  }

  /** Writes to a file that was removed or replaced would vanish with it. */
  checkFile(): void {
    if (this.#path !== null && identify(this.#path) !== this.#file) throw fileMoved()
  }

  close(): void {
    this.#statements.clear()
    this.#db.close()
  }

  #prepare(sql: string): BetterSqlite3.Statement<SqlValue[], Row> {
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = this.#db.prepare<SqlValue[], Row>(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }
}

/** Waits before another try: 1 to 9 ms, at random, so that no process has the better rhythm for long. */
export function pause(attempt: number): Promise<void> {
  return sleep(1 + Math.random() * Math.min(8, 1 + attempt))
}

function identify(path: string): string | null {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false })
  return stat === undefined ? null : `${stat.dev}:${stat.ino}`
}
