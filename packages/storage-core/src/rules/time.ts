const PATTERN = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?: ?(Z|[+-]\d\d:?\d\d))?)?$/

/**
 * A moment in the form in which every time comes out: `YYYY-MM-DDTHH:MM:SS.ffffffZ`. Such texts sort as the
 * moments do, in every year, which numbers of microseconds stop doing in 2255.
 */
export type Instant = string

/** Reads `YYYY-MM-DD`, or that with `T` or a space, `HH:MM:SS[.fraction]` and a zone; no zone means UTC. Null: not a time. */
export function parseInstant(text: string): Instant | null {
  const match = PATTERN.exec(text)
  if (match === null) return null
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone = 'Z'] = match
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return null
  const date = new Date(0)
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day))
  if (date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day)) return null
  const offset = zoneMinutes(zone)
  if (offset === null) return null
  date.setUTCHours(Number(hour), Number(minute) - offset, Number(second))
  const [seconds] = date.toISOString().split('.')
  if (seconds === undefined || !/^\d{4}-/.test(seconds)) return null
  return `${seconds}.${fraction.slice(0, 6).padEnd(6, '0')}Z`
}

function zoneMinutes(zone: string): number | null {
  if (zone === 'Z') return 0
  const hours = Number(zone.slice(1, 3))
  const minutes = Number(zone.slice(-2))
  if (hours > 23 || minutes > 59) return null
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes)
}

let lastSecond = Number.NaN
let lastText = ''

/** Microseconds since 1970 as an instant. */
export function formatMicros(micros: number): Instant {
  const second = Math.floor(micros / 1e6)
  if (second !== lastSecond) {
    lastText = new Date(second * 1000).toISOString().slice(0, -4) // stamps come in bursts: most share their second
    lastSecond = second
  }
  return `${lastText}${String(micros - second * 1e6).padStart(6, '0')}Z`
}

/** An instant as microseconds since 1970; exact until 2255. */
export function microsOf(instant: Instant): number {
  return Date.parse(`${instant.slice(0, 23)}Z`) * 1000 + Number(instant.slice(23, 26))
}

/** The host's clock, for backends that have none of their own. */
export function hostMicros(): number {
  return Date.now() * 1000
}
