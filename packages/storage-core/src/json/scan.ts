const QUOTE = 0x22
const MINUS = 0x2d
const POINT = 0x2e
const ZERO = 0x30
const OPEN_BRACKET = 0x5b
const BACKSLASH = 0x5c
const SAFE_DIGITS = 15

/** What one pass over JSON text tells; of text that is not JSON, something. */
export interface JsonScan {
  /** How many levels the text nests. */
  readonly levels: number
  /** The digits of its longest integer literal. */
  readonly integerDigits: number
  /** Whether there is an integer in it that `JSON.parse` may read as another one. */
  readonly delicateIntegers: boolean
  /** Whether there is a float in it. */
  readonly floats: boolean
}

/** Scans text without recursion and without a copy, in linear time. */
export function scanJson(text: string): JsonScan {
  let level = 0
  let levels = 0
  let integerDigits = 0
  let delicateIntegers = false
  let floats = false
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit === QUOTE) {
      at = endOfString(text, at)
      if (at === -1) break
    } else if ((unit | 0x20) === (OPEN_BRACKET | 0x20)) {
      if (++level > levels) levels = level
    } else if ((unit | 0x20) === 0x7d) {
      level--
    } else if (isDigit(unit)) {
      const start = at
      while (isDigit(text.charCodeAt(at + 1))) at++
      const digits = at + 1 - start
      const next = text.charCodeAt(at + 1)
      if (next === POINT || (next | 0x20) === 0x65) {
        floats = true
        at = endOfFloat(text, at + 1)
      } else {
        integerDigits = Math.max(integerDigits, digits)
        // The integer -0 is 0 in Python.
        delicateIntegers ||= digits > SAFE_DIGITS || (unit === ZERO && text.charCodeAt(start - 1) === MINUS)
      }
    }
  }
  return { levels, integerDigits, delicateIntegers, floats }
}

/** The index of the quote that closes the string opened at `open`, or -1. */
export function endOfString(text: string, open: number): number {
  for (let close = text.indexOf('"', open + 1); close !== -1; close = text.indexOf('"', close + 1)) {
    let before = close
    while (text.charCodeAt(before - 1) === BACKSLASH) before--
    if ((close - before) % 2 === 0) return close
  }
  return -1
}

/** The index of the last character of a float whose point or exponent stands at `from`. */
function endOfFloat(text: string, from: number): number {
  let at = from
  for (let unit = text.charCodeAt(at + 1); isDigit(unit) || isFloatMark(unit); unit = text.charCodeAt(at + 1))
    at++
  return at
}

function isDigit(unit: number): boolean {
  return unit >= ZERO && unit <= 0x39
}

function isFloatMark(unit: number): boolean {
  return unit === 0x2b || unit === MINUS || unit === POINT || (unit | 0x20) === 0x65
}
