import { PyFloat } from './number.ts'
import { endOfString } from './scan.ts'

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?/y
const FLOAT_MARK = /[.eE]/
const NOT_LITERAL = /[^ -[\]-\uffff]/
const WORDS: Readonly<Record<string, unknown>> = { true: true, false: false, null: null }
const PYTHON_WORDS = { ...WORDS, NaN: Number.NaN, Infinity: Infinity, '-Infinity': -Infinity }

export interface ReadRules {
  /** Integral floats as PyFloat. */
  readonly lossless: boolean
  /** Also read NaN, Infinity and -Infinity. */
  readonly pythonWords: boolean
}

/**
 * Reads JSON text. It recurses, so the caller bounds how deep the text nests.
 *
 * @throws SyntaxError that tells a position and nothing of the text.
 */
export function readJson(text: string, rules: ReadRules): unknown {
  return new Reader(text, rules).document()
}

class Reader {
  readonly #text: string
  readonly #lossless: boolean
  readonly #words: Readonly<Record<string, unknown>>
  #at = 0

  constructor(text: string, rules: ReadRules) {
    this.#text = text
    this.#lossless = rules.lossless
    this.#words = rules.pythonWords ? PYTHON_WORDS : WORDS
  }

  document(): unknown {
    const value = this.#value()
    return this.#next() === '' ? value : this.#fail()
  }

  #value(): unknown {
    switch (this.#next()) {
      case '{':
        return this.#object()
      case '[':
        return this.#array()
      case '"':
        return this.#string()
      default:
        return this.#scalar()
    }
  }

  #object(): Record<string, unknown> {
    const object: Record<string, unknown> = {}
    this.#at++
    if (this.#taken('}')) return object
    do {
      if (this.#next() !== '"') this.#fail()
      const key = this.#string()
      if (!this.#taken(':')) this.#fail()
      const value = this.#value()
      // Assigning to __proto__ would set the prototype instead.
      if (key === '__proto__') {
        Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true })
      } else object[key] = value
    } while (this.#taken(','))
    return this.#taken('}') ? object : this.#fail()
  }

  #array(): unknown[] {
    const items: unknown[] = []
    this.#at++
    if (this.#taken(']')) return items
    do items.push(this.#value())
    while (this.#taken(','))
    return this.#taken(']') ? items : this.#fail()
  }

  #string(): string {
    const end = endOfString(this.#text, this.#at)
    if (end === -1) {
      this.#at = this.#text.length
      return this.#fail()
    }
    const content = this.#text.slice(this.#at + 1, end)
    const value = NOT_LITERAL.test(content) ? this.#unescaped(content) : content
    this.#at = end + 1
    return value
  }

  #unescaped(content: string): string {
    try {
      return String(JSON.parse(`"${content}"`))
    } catch {
      throw new SyntaxError(`a string that is not allowed at position ${this.#at}`)
    }
  }

  #scalar(): unknown {
    NUMBER.lastIndex = this.#at
    if (!NUMBER.test(this.#text)) return this.#word()
    const literal = this.#text.slice(this.#at, NUMBER.lastIndex)
    this.#at = NUMBER.lastIndex
    return numberOf(literal, this.#lossless)
  }

  #word(): unknown {
    for (const [word, value] of Object.entries(this.#words)) {
      if (!this.#text.startsWith(word, this.#at)) continue
      this.#at += word.length
      return value
    }
    return this.#fail()
  }

  /** Skips blanks; the character there, or nothing at the end. */
  #next(): string {
    let unit = this.#text.charCodeAt(this.#at)
    while (unit === 0x20 || unit === 0x0a || unit === 0x0d || unit === 0x09)
      unit = this.#text.charCodeAt(++this.#at)
    return this.#text.charAt(this.#at)
  }

  #taken(character: string): boolean {
    const there = this.#next() === character
    if (there) this.#at++
    return there
  }

  #fail(): never {
    const end = this.#at >= this.#text.length
    throw new SyntaxError(end ? 'unexpected end' : `unexpected character at position ${this.#at}`)
  }
}

function numberOf(literal: string, lossless: boolean): number | bigint | PyFloat {
  const number = Number(literal)
  if (FLOAT_MARK.test(literal)) return lossless && Number.isInteger(number) ? new PyFloat(number) : number
  // The integer -0 is 0.
  return Number.isSafeInteger(number) ? number + 0 : BigInt(literal)
}
