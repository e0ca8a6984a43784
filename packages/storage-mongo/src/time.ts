import type { Instant } from '@dir/storage-core'
import { formatMicros, microsOf, hostMicros } from '@dir/storage-core/adapter'
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

/** So many microseconds after the server's clock, as an instant, in an expression. */
export function afterNow(micros: number): Document {
  const millis = Math.floor(micros / 1_000)
  const rest = String(micros - millis * 1_000).padStart(3, '0')
  return { $dateToString: { date: { $add: ['$$NOW', millis] }, format: `%Y-%m-%dT%H:%M:%S.%L${rest}Z` } }
}

/** Whether a time lies so many microseconds back or more (null: any does), by the server's clock, in an expression. */
export function isOlder(field: string, leastAgeMicros: number | null): Document {
  return leastAgeMicros === null ? { $literal: true } : { $lte: [field, afterNow(-leastAgeMicros)] }
}
