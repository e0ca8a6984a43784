const UNITS = /** @type {const} */ ([
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
  ['s', 1],
])

/**
 * Text as it can be seen: what turns the direction of writing or breaks lines is spelled out.
 * @param {unknown} value
 */
export function visible(value) {
  return String(value).replaceAll(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  )
}

/**
 * How long ago, in one unit.
 * @param {string} time
 */
export function age(time) {
  const seconds = Math.round((Date.now() - Date.parse(time)) / 1_000)
  const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? ['s', 1]
  const count = Math.floor(Math.abs(seconds) / size)
  if (count === 0) return 'now'
  return seconds < 0 ? `in ${count} ${unit}` : `${count} ${unit} ago`
}

/**
 * A time of the store in UTC, to the millisecond; its microseconds are in its title.
 * @param {string} time
 */
export function moment(time) {
  return time.replace('T', ' ').replace(/(\.\d{3})\d*Z$/, '$1')
}

/** @param {number} number */
export function grouped(number) {
  return number.toLocaleString('en', { maximumFractionDigits: 6 })
}

/**
 * How many of something, honest where they were not all counted.
 * @param {{ count: number, isCut: boolean }} counted
 */
export function counted({ count, isCut }) {
  return isCut ? `${grouped(count)}+` : grouped(count)
}

/**
 * JSON text on several lines, and as it is where it cannot be read.
 * @param {string} text
 */
export function pretty(text) {
  try {
    // numbers that would lose digits are shown as they are stored
    const value = JSON.parse(text)
    return JSON.stringify(value) === text.replaceAll(/(?<=[,:]) /g, '')
      ? JSON.stringify(value, null, 2)
      : text
  } catch {
    return text
  }
}
