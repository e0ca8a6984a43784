import type { Instant } from '@dir/storage-core'
import { formatMicros, hostMicros } from '@dir/storage-core/adapter'

export function now(): Instant {
  return formatMicros(hostMicros())
}

export function later(micros: number): Instant {
  return formatMicros(hostMicros() + micros)
}

/** Tells of moments whether they lie so many microseconds back or more; null: any does. */
export function isOlder(leastAgeMicros: number | null): (moment: Instant) => boolean {
  const latest = leastAgeMicros === null ? null : later(-leastAgeMicros)
  return (moment) => latest === null || moment <= latest
}
