const PRINTABLE = /^[ !#-[\]-~]*$/
const LAST_PRINTABLE = 0x7e

/** Whether a string is its own JSON form between quotes, in Python as well as here. */
export function isPlain(text: string): boolean {
  return PRINTABLE.test(text)
}

/** A string as Python writes it with `ensure_ascii`: DEL and all beyond ASCII as `\uXXXX`, lower case. */
export function quote(text: string): string {
  return PRINTABLE.test(text) ? `"${text}"` : toAscii(JSON.stringify(text))
}

// A loop, since a replace with a callback takes three times as long.
function toAscii(json: string): string {
  let ascii = ''
  let from = 0
  for (let at = 0; at < json.length; at++) {
    const unit = json.charCodeAt(at)
    if (unit <= LAST_PRINTABLE) continue
    if (from < at) ascii += json.slice(from, at)
    ascii += escaped(unit)
    from = at + 1
  }
  return from === 0 ? json : ascii + json.slice(from)
}

const escapes = new Map<number, string>()

function escaped(unit: number): string {
  let text = escapes.get(unit)
  if (text === undefined) {
    text = `\\u${unit.toString(16).padStart(4, '0')}`
    escapes.set(unit, text)
  }
  return text
}

/** Orders strings by code point, as Python does. Lone surrogates count as the code points they are. */
export function compareCodePoints(left: string, right: string): number {
  const shorter = Math.min(left.length, right.length)
  let at = 0
  while (at < shorter && left.charCodeAt(at) === right.charCodeAt(at)) at++
  if (at === shorter) return left.length - right.length
  // Where one of the units is the second half of a pair, its code point began one unit earlier; without the first half in
  // front of it, it is a code point of its own, as is a first half that nothing follows.
  const isSecond = isSecondHalf(left.charCodeAt(at)) || isSecondHalf(right.charCodeAt(at))
  if (isSecond && at > 0 && isFirstHalf(left.charCodeAt(at - 1))) at--
  return (left.codePointAt(at) ?? 0) - (right.codePointAt(at) ?? 0)
}

function isFirstHalf(unit: number): boolean {
  return (unit & 0xfc00) === 0xd800
}

function isSecondHalf(unit: number): boolean {
  return (unit & 0xfc00) === 0xdc00
}
