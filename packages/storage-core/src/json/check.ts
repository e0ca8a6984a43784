import { MAX_INTEGER_DIGITS } from './number.ts'
import { MAX_LEVELS } from './path.ts'
import { readJson } from './reader.ts'
import { scanJson } from './scan.ts'

// Each level takes a bracket at both ends.
const TOO_SHORT_TO_BREAK_A_LIMIT = 2 * MAX_LEVELS

/**
 * Says why text is not JSON that may be stored, or null if it is: RFC 8259 in well-formed UTF-16, at most 500 levels,
 * no integer literal of more than 4 300 digits, since Python would refuse to read it. The reason holds nothing of the
 * text. Takes linear time and no stack, whatever the text.
 */
export function checkJsonText(text: string): string | null {
  if (typeof text !== 'string') return 'is not a string'
  if (text.length > TOO_SHORT_TO_BREAK_A_LIMIT) {
    const { levels, integerDigits } = scanJson(text)
    if (levels > MAX_LEVELS) return `nests deeper than ${MAX_LEVELS} levels`
    if (integerDigits > MAX_INTEGER_DIGITS)
      return `holds an integer of more than ${MAX_INTEGER_DIGITS} digits`
  }
  try {
    JSON.parse(text)
  } catch {
    return `is not JSON: ${whyNotJson(text)}`
  }
  return text.isWellFormed() ? null : 'is not JSON: it holds half a surrogate pair'
}

/** In our words, since those of JSON.parse quote the text. */
function whyNotJson(text: string): string {
  try {
    readJson(text, { lossless: false, pythonWords: false })
    return 'it cannot be parsed'
  } catch (error) {
    return error instanceof SyntaxError ? error.message : 'it cannot be parsed'
  }
}
