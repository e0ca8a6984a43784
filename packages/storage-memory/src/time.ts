import { type Instant, formatMicros, hostMicros } from '@dir/storage-core'

export function now(): Instant {
  return formatMicros(hostMicros())
}

export function later(micros: number): Instant {
  return formatMicros(hostMicros() + micros)
}
