import type { Instant } from '@dir/storage-core'
import { type Row, type SqlValue, textOrNull } from './session.ts'

/** SQL for a timestamptz as text that `instant` reads, with its microseconds, in every session's time zone. */
export function utcText(expression: string): string {
  return `to_char(${expression} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"BC')`
}

/** `utcText`, under the column's name. */
export function utc(column: string): string {
  return `${utcText(column)} AS ${column.split('.').at(-1)}`
}

/** SQL for a timestamptz as microseconds since 1970. */
export function micros(expression: string): string {
  return `(extract(epoch FROM ${expression}) * 1000000)::BIGINT`
}

/** SQL that tells whether a timestamptz lies so many microseconds back or more; null: any does. Its value is added to `values`. */
export function isOlder(column: string, leastAgeMicros: number | null, values: SqlValue[]): string {
  if (leastAgeMicros === null) return 'true'
  return `${column} <= statement_timestamp() - $${values.push(leastAgeMicros)}::BIGINT * INTERVAL '1 microsecond'`
}

/** PostgreSQL knows no year 0: it is 1 BC there. */
export function toTimestamp(instant: Instant): string {
  return instant.startsWith('0000') ? `0001${instant.slice(4, -1)}+00 BC` : instant
}

export function toTimestampOrNull(instant: Instant | null): string | null {
  return instant === null ? null : toTimestamp(instant)
}

/** The inverse of `utcText`. */
export function toInstant(found: string): Instant {
  return found.endsWith('BC') ? `0000${found.slice(4, -2)}` : found.slice(0, -2)
}

export function instantOrNull(row: Row | undefined, column: string): Instant | null {
  const found = textOrNull(row, column)
  return found === null ? null : toInstant(found)
}

export function instant(row: Row | undefined, column: string): Instant {
  const found = instantOrNull(row, column)
  if (found === null) throw new TypeError(`The server sent no ${column}.`)
  return found
}
