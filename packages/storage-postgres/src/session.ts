/** A row as the server writes it: every value as text, whatever parsers the process has registered for its types. */
export type Row = Readonly<Record<string, string | null>>

export type SqlValue = string | number | boolean | null | readonly (string | number | null)[]

/** Where reads run: each statement by itself, or all of them in one transaction. */
export interface PgSession {
  /** The namespace as it stands before a table's name: quoted, with its dot. */
  readonly schema: string
  /** Runs one statement that changes nothing. */
  read(sql: string, ...values: SqlValue[]): Promise<Row[]>
}

/** A session inside a transaction, which takes writes and scripts of statements too. */
export interface PgTransaction extends PgSession {
  write(sql: string, ...values: SqlValue[]): Promise<Row[]>
  script(sql: string): Promise<void>
}

/** A column that is never null. */
export function text(row: Row | undefined, column: string): string {
  const value = row?.[column]
  if (typeof value !== 'string') throw new TypeError(`The server sent no ${column}.`)
  return value
}

export function textOrNull(row: Row | undefined, column: string): string | null {
  return row?.[column] ?? null
}

export function number(row: Row | undefined, column: string): number {
  return Number(text(row, column))
}

/** Whether the server can hold this text at all; what it cannot hold equals nothing that it holds. */
export function isStorable(value: string): boolean {
  return value.isWellFormed() && !value.includes('\0')
}
