import { InvalidArgumentError } from '../errors/index.ts'
import { MAX_INTEGER_DIGITS } from './number.ts'
import { readJson } from './reader.ts'
import { scanJson } from './scan.ts'

// Twice what we write: Python reads about as much, and the reader's recursion stays harmless.
const MAX_LEVELS_READ = 1000

/** Options of `loadsJson`. */
export interface LoadsOptions {
  /** Keep that 67.0 is a float and 67 is not: integral floats become PyFloats. Default false: they become plain numbers. */
  readonly lossless?: boolean
}

/**
 * Parses JSON text, also what Python's `json.dumps` writes beyond the standard: `NaN`, `Infinity`, `-Infinity`.
 *
 * Integers beyond 2^53 become bigints, because rounding an id would be worse. Of equal keys the last wins; `__proto__` is
 * an ordinary key. With `lossless`,
 * `dumpsJsonDict(loadsJson(text, { lossless: true }))` gives the bytes of Python's `json.dumps(json.loads(text), sort_keys=True)`,
 * but for NaN and the infinities, which become strings.
 *
 * @throws InvalidArgumentError for text that is not JSON, nests deeper than 1 000 levels or holds an integer of more
 * than 4 300 digits; the reason holds nothing of the text.
 * Original: `json.loads` in the getters of `dir_core.storage`.
 */
export function loadsJson(text: string, options: LoadsOptions = {}): unknown {
  if (typeof text !== 'string') refuse('is not a string')
  const lossless = options.lossless ?? false
  const { levels, integerDigits, delicateIntegers, floats } = scanJson(text)
  if (levels > MAX_LEVELS_READ) refuse(`nests deeper than ${MAX_LEVELS_READ} levels`)
  if (integerDigits > MAX_INTEGER_DIGITS) refuse(`holds an integer of more than ${MAX_INTEGER_DIGITS} digits`)
  if (delicateIntegers || (lossless && floats)) return read(text, lossless)
  try {
    return JSON.parse(text)
  } catch {
    return read(text, lossless)
  }
}

function read(text: string, lossless: boolean): unknown {
  try {
    return readJson(text, { lossless, pythonWords: true })
  } catch (error) {
    return refuse(`is not JSON: ${error instanceof SyntaxError ? error.message : 'it cannot be parsed'}`)
  }
}

function refuse(reason: string): never {
  throw new InvalidArgumentError('text', reason)
}
