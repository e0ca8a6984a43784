import type { Instant } from '@dir/storage-core'
import { formatMicros, hostMicros } from '@dir/storage-core/adapter'

export function now(): Instant {
  return formatMicros(hostMicros())
}

export function later(micros: number): Instant {
  return formatMicros(hostMicros() + micros)
}
