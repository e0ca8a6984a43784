import type { Instant } from '@dir/storage-core'
import { formatMicros, hostMicros, microsOf } from '@dir/storage-core/adapter'

export function now(): Instant {
  return formatMicros(hostMicros())
}

/** As it stands in a TIMESTAMP column: `YYYY-MM-DD HH:MM:SS.ffffff`, in UTC. */
export function toColumn(instant: Instant): string {
  return `${instant.slice(0, 10)} ${instant.slice(11, 26)}`
}

/**
 * The least text in a TIMESTAMP column that is not before `instant`. Without trailing zeros, because Python's whole
 * seconds (`12:00:00`) sort before our spelling of the same moment (`12:00:00.000000`).
 */
export function lowerBound(instant: Instant): string {
  return toColumn(instant).replace(/\.?0+$/, '')
}

/** Now, or one microsecond after `earlier` where the clock has not passed it. */
export function nowAfter(earlier: Instant): Instant {
  const time = now()
  if (time > earlier) return time
  const fraction = Number(earlier.slice(20, 26)) + 1
  return fraction < 1_000_000
    ? `${earlier.slice(0, 20)}${String(fraction).padStart(6, '0')}Z`
    : formatMicros(microsOf(earlier) + 1)
}

/**
 * Tells of times whether they lie so many microseconds back or more (null: all of them do). Of one that could not be read
 * nobody knows: it counts as one that does.
 */
export function isOlder(leastAgeMicros: number | null): (time: Instant | null) => boolean {
  const latest = leastAgeMicros === null ? null : formatMicros(hostMicros() - leastAgeMicros)
  return (time) => latest === null || time === null || time <= latest
}
