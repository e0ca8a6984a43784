import type { Instant } from '@dir/storage-core'

/** From the year 0, where stamps begin, to 1970. */
const EPOCH_SECONDS = 62_167_219_200

/** A moment as the scripts keep it: 18 digits, the seconds since the year 0 and the microseconds, which sort as moments do. */
export function toStamp(instant: Instant): string {
  const seconds = Date.parse(`${instant.slice(0, 19)}Z`) / 1000 + EPOCH_SECONDS
  return String(seconds).padStart(12, '0') + instant.slice(20, 26)
}

export const stampOf = (instant: Instant | null): string | null =>
  instant === null ? null : toStamp(instant)

export function fromStamp(stamp: string): Instant {
  const seconds = Number(stamp.slice(0, 12)) - EPOCH_SECONDS
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${stamp.slice(12)}Z`
}
