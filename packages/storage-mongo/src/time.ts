import { type Instant, formatMicros, microsOf, hostMicros } from '@dir/storage-core'
import type { Document } from 'mongodb'

const FORMAT = '%Y-%m-%dT%H:%M:%S.%L000Z'

/** The server's clock as an instant, in an expression. */
export const SERVER_NOW = { $dateToString: { date: '$$NOW', format: FORMAT } } as const

/** For times that are only reported. */
export function hostNow(): Instant {
  return formatMicros(hostMicros())
}

export function plus(instant: Instant, micros: number): Instant {
  return formatMicros(microsOf(instant) + micros)
}

/** The instant after the one that a field holds, in an expression. */
export function microsecondAfter(field: string): Document {
  const millis = { $substrBytes: [field, 0, 23] }
  const micros = { $toInt: { $substrBytes: [field, 23, 3] } }
  const next = { $substrBytes: [{ $toString: { $add: [micros, 1001] } }, 1, 3] }
  const date = { $dateFromString: { dateString: { $concat: [millis, 'Z'] } } }
  return {
    $cond: [
      { $lt: [micros, 999] },
      { $concat: [millis, next, 'Z'] },
      { $dateToString: { date: { $add: [date, 1] }, format: FORMAT } },
    ],
  }
}
