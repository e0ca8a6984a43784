import { type Instant, StoredDataError, dumpsJsonDict, pyFloat } from '@dir/storage-core'
import { parseInstant } from '@dir/storage-core/adapter'

/** Integers come as bigint, so that none loses a digit unnoticed. */
export type SqlValue = string | number | bigint | Uint8Array | null
export type Row = Readonly<Record<string, SqlValue>>

/** A number that SQLite made; 0 where there is none. */
export function integer(value: SqlValue | undefined): bigint {
  return typeof value === 'bigint' ? value : 0n
}

/**
 * Reads the columns of a row strictly: Python, or anybody, may have stored what SQLite's loose typing allows.
 * Where a column cannot be read it throws, or in a list (`lenient`) answers null and remembers the first error.
 */
export class StoredRow {
  readonly #table: string
  readonly #row: Row
  readonly #lenient: boolean
  #error: StoredDataError | undefined

  constructor(table: string, row: Row, lenient = false) {
    this.#table = table
    this.#row = row
    this.#lenient = lenient
  }

  text(column: string): string {
    const value = this.#row[column]
    return typeof value === 'string' ? value : this.unreadable(column, 'is not text')
  }

  textOrNull(column: string): string | null {
    return this.#row[column] === null ? null : this.text(column)
  }

  /** What a JavaScript number holds exactly. */
  number(column: string): number {
    const value = this.#row[column]
    if (typeof value === 'number') return value
    if (typeof value !== 'bigint') return this.unreadable(column, 'is not a number')
    return Number.isSafeInteger(Number(value)) ? Number(value) : this.unreadable(column, 'is too large')
  }

  /** JSON text. A NUMERIC column turned Python's numbers into numbers: they are JSON as Python prints them. */
  json(column: string): string {
    const value = this.#row[column]
    if (typeof value === 'string') return value
    if (typeof value === 'bigint') return String(value)
    if (typeof value === 'number' && Number.isFinite(value)) return dumpsJsonDict(pyFloat(value))
    if (value instanceof Buffer) {
      const text = value.toString()
      if (Buffer.from(text).equals(value)) return text
    }
    return this.unreadable(column, 'is not JSON text')
  }

  /** JSON text of which Python reads an empty one as `{}`. */
  jsonOrEmpty(column: string): string {
    const text = this.json(column)
    return text === '' ? '{}' : text
  }

  time(column: string): Instant {
    const value = this.#row[column]
    const time = typeof value === 'string' ? parseInstant(value) : null
    return time ?? this.unreadable(column, 'is not a time')
  }

  timeOrNull(column: string): Instant | null {
    return this.#row[column] === null ? null : this.time(column)
  }

  /** To be spread into a member of a list. */
  get trouble(): { readonly error?: StoredDataError } {
    return this.#error === undefined ? {} : { error: this.#error }
  }

  /** To be spread into an exported record. */
  get fitness(): { readonly unfit?: string } {
    return this.#error === undefined ? {} : { unfit: this.#error.message }
  }

  /** Throws, or in a list answers null. */
  unreadable(column: string, reason: string): never {
    const error = new StoredDataError(this.#table, column, reason)
    if (!this.#lenient) throw error
    this.#error ??= error
    return null as never // the one place where a list's field is null against its type, beside an error
  }
}
