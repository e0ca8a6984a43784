import { compareCodePoints, isPlain, quote } from './string.ts'

const MAX_KEYS = 64
const MAX_SHAPES_BY_FIRST_KEY = 8

/** The keys of an object in the order in which they are written, and what is written before each value. */
export interface Shape {
  readonly keys: readonly string[]
  readonly labels: readonly string[]
}

interface Known extends Shape {
  readonly unsorted: readonly string[]
}

/**
 * Orders and quotes the keys of objects. It remembers within one document, since records of one kind have the same
 * keys in the same order, and sorting them again costs more than all else.
 */
export class Shapes {
  readonly #sortKeys: boolean
  readonly #known = new Map<string, Known[]>()

  constructor(sortKeys: boolean) {
    this.#sortKeys = sortKeys
  }

  of(keys: readonly string[]): Shape {
    const [first] = keys
    if (first === undefined || keys.length > MAX_KEYS) return this.#make(keys)
    const alike = this.#known.get(first)
    const found = alike?.find((shape) => sameKeys(shape.unsorted, keys))
    if (found !== undefined) return found
    const made = this.#make(keys)
    if (alike === undefined) this.#known.set(first, [made])
    else if (alike.length < MAX_SHAPES_BY_FIRST_KEY) alike.push(made)
    return made
  }

  #make(unsorted: readonly string[]): Known {
    const plain = unsorted.every(isPlain)
    // oxlint-disable-next-line unicorn/require-array-sort-compare -- by UTF-16 unit, the same where all is ASCII
    const keys = this.#sortKeys ? unsorted.toSorted(plain ? undefined : compareCodePoints) : unsorted
    return { unsorted, keys, labels: keys.map((key) => (plain ? `"${key}": ` : `${quote(key)}: `)) }
  }
}

function sameKeys(left: readonly string[], right: readonly string[]): boolean {
  if (left.length !== right.length) return false
  for (let at = 0; at < left.length; at++) if (left[at] !== right[at]) return false
  return true
}
