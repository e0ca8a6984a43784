import { type Instant, formatMicros, microsOf, hostMicros } from '@dir/storage-core'

/** The server's clock as an instant, in an expression. */
export const SERVER_NOW = {
  $dateToString: { date: '$$NOW', format: '%Y-%m-%dT%H:%M:%S.%L000Z' },
} as const

/** For times that are only reported. */
export function hostNow(): Instant {
  return formatMicros(hostMicros())
}

export function plus(instant: Instant, micros: number): Instant {
  return formatMicros(microsOf(instant) + micros)
}
