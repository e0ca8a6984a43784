import { InvalidArgumentError } from '../errors/index.ts'

/** Python refuses to read or print an integer of more digits. */
export const MAX_INTEGER_DIGITS = 4300

const INTEGER_LIMIT: bigint = 10n ** BigInt(MAX_INTEGER_DIGITS)

// Registered globally, so that a PyFloat of a second installed copy of this package is recognised too.
const brand = Symbol.for('@dir/storage-core/PyFloat')

/** A number that Python holds as a float, so that an integral one is written `67.0`. Made by `pyFloat`. */
export class PyFloat {
  readonly value: number

  constructor(value: number) {
    this.value = value
  }

  /** The plain number, so that arithmetic works. */
  valueOf(): number {
    return this.value
  }

  /** The plain number, so that `JSON.stringify` works. */
  toJSON(): number {
    return this.value
  }
}

Object.defineProperty(PyFloat.prototype, brand, { value: true })

/**
 * Marks a number as a Python float: `dumpsJsonDict(pyFloat(67))` is `67.0`, as Python writes the float 67.0.
 *
 * @throws InvalidArgumentError if `value` is not a number.
 */
export function pyFloat(value: number): PyFloat {
  if (typeof value !== 'number') throw new InvalidArgumentError('value', 'is not a number')
  return new PyFloat(value)
}

export function isPyFloat(value: object): value is PyFloat {
  return brand in value
}

/** Python's `repr` of a finite float. */
export function floatText(value: number): string {
  const size = Math.abs(value)
  if (size !== 0 && (size < 1e-4 || size >= 1e16)) {
    return value.toExponential().replace(/e([+-])(\d)$/, 'e$1' + '0$2')
  }
  if (Object.is(value, -0)) return '-0.0'
  return Number.isInteger(value) ? `${value}.0` : String(value)
}

/** The digits of an integer, or null if Python could not read that many. */
export function integerText(value: bigint): string | null {
  return value >= INTEGER_LIMIT || value <= -INTEGER_LIMIT ? null : String(value)
}
