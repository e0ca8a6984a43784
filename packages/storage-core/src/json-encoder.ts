import { types } from 'node:util'
import { InvalidArgumentError } from './errors.ts'
import { isObject, isPlainObject, ownData } from './json-kind.ts'
import { floatText, integerText, isPyFloat, MAX_INTEGER_DIGITS } from './json-number.ts'
import { Shapes } from './json-shape.ts'
import { quote } from './json-string.ts'
import { TextSink, TextTooLong } from './json-sink.ts'

/** How deep stored JSON may nest. */
export const MAX_LEVELS = 500

export interface EncodeRules {
  readonly argument: string
  readonly sortKeys: boolean
  /** Refuse what Python's encoder without `default` would refuse, and NaN and the infinities. */
  readonly nativeOnly: boolean
}

/** Encodes one value; not to be used again. */
export class Encoder {
  readonly #rules: EncodeRules
  readonly #shapes: Shapes
  readonly #text = new TextSink()
  /** The objects being encoded, outermost first: containers, and holders of a `toJSON` in progress. */
  readonly #open: object[] = []
  readonly #path: number[] = []
  #level = 0
  #refusal: InvalidArgumentError | undefined

  constructor(rules: EncodeRules) {
    this.#rules = rules
    this.#shapes = new Shapes(rules.sortKeys)
  }

  encode(value: unknown): string {
    try {
      if (!this.#write(value, '', '')) this.#refuse('undefined')
      return this.#text.end()
    } catch (error) {
      // Getters, toJSON, toString and proxy traps are the caller's code, and what they throw may quote the payload.
      if (error === this.#refusal) throw error
      if (error instanceof TextTooLong) return this.#refuse('its JSON is too long for a string')
      return this.#refuse('a value that cannot be encoded, because reading it throws')
    }
  }

  #refuse(reason: string): never {
    const path = this.#path.slice(0, this.#level)
    const place = path.length === 0 ? 'at the top' : `at ${path.map((position) => `[${position}]`).join('')}`
    this.#refusal = new InvalidArgumentError(this.#rules.argument, `${place}: ${reason}`)
    throw this.#refusal
  }

  /** Writes `lead` and the value; nothing, and false, if the value is to be left out. */
  #write(value: unknown, key: string | number, lead: string): boolean {
    if (isObject(value)) return this.#object(value, key, lead)
    const text = this.#primitive(value)
    if (text === undefined) return false
    this.#text.add(lead + text)
    return true
  }

  #primitive(value: unknown): string | undefined {
    switch (typeof value) {
      case 'string':
        return quote(value)
      case 'number':
        return this.#number(value, false)
      case 'boolean':
        return value ? 'true' : 'false'
      case 'bigint':
        return integerText(value) ?? this.#refuse(`an integer of more than ${MAX_INTEGER_DIGITS} digits`)
      case 'symbol':
        return this.#rules.nativeOnly ? this.#refuse('a symbol') : quote(String(value))
      case 'undefined':
        return this.#rules.nativeOnly ? this.#refuse('undefined') : undefined
      default:
        return 'null'
    }
  }

  #number(value: number, asFloat: boolean): string {
    if (!asFloat && Number.isSafeInteger(value)) return Object.is(value, -0) ? '-0.0' : String(value)
    if (Number.isFinite(value)) return floatText(value)
    return this.#rules.nativeOnly ? this.#refuse('a number that is not finite') : `"${value}"`
  }

  #object(value: object, key: string | number, lead: string): boolean {
    const toJSON = 'toJSON' in value ? value.toJSON : undefined
    if (typeof toJSON !== 'function') return this.#container(value, lead)
    if (isPyFloat(value)) return this.#text.add(lead + this.#number(value.value, true))
    if (this.#rules.nativeOnly) this.#refuse('an object with toJSON()')
    const result: unknown = Reflect.apply(toJSON, value, [String(key)])
    // As with JSON.stringify, a toJSON that returns its own object, or a copy of it, is not asked again.
    if (isObject(result) && 'toJSON' in result && result.toJSON === toJSON)
      return this.#container(result, lead)
    this.#enter(value, 0)
    const written = this.#write(result, key, lead)
    this.#leave(0)
    return written
  }

  #container(value: object, lead: string): boolean {
    if (Array.isArray(value)) return this.#array(value, value, lead)
    if (isPlainObject(value)) return this.#record(value, Object.keys(value), lead)
    if (this.#rules.nativeOnly) this.#refuse('a value that is not JSON-native')
    if (types.isMap(value)) return this.#record(value, this.#stringKeys(value), lead)
    if (types.isSet(value)) return this.#array([...value], value, lead)
    if (types.isBoxedPrimitive(value)) return this.#boxed(value.valueOf(), lead)
    const keys = ownData(value)
    if (keys.length > 0) return this.#record(value, keys, lead)
    // oxlint-disable-next-line typescript/no-base-to-string -- as Python's encoder with `default=str`
    return this.#text.add(lead + quote(String(value)))
  }

  #boxed(value: unknown, lead: string): boolean {
    return this.#text.add(
      lead + (isObject(value) ? quote(String(value)) : (this.#primitive(value) ?? 'null')),
    )
  }

  #stringKeys(map: ReadonlyMap<unknown, unknown>): string[] {
    return [...map.keys()].map((key) =>
      typeof key === 'string' ? key : this.#refuse('a Map with a key that is not a string'),
    )
  }

  #array(items: readonly unknown[], holder: object, lead: string): boolean {
    const length = items.length
    const at = this.#enter(holder, 1)
    this.#text.add(`${lead}[`)
    for (let index = 0; index < length; index++) {
      this.#path[at] = index
      const comma = index === 0 ? '' : ', '
      if (!this.#write(items[index], index, comma)) this.#text.add(`${comma}null`)
    }
    this.#leave(1)
    return this.#text.add(']')
  }

  #record(holder: object, unsorted: readonly string[], lead: string): boolean {
    const at = this.#enter(holder, 1)
    const { keys, labels } = this.#shapes.of(unsorted)
    const map = types.isMap(holder) ? holder : null
    const fields = holder as Readonly<Record<string, unknown>>
    this.#text.add(`${lead}{`)
    let comma = ''
    let index = 0
    for (const key of keys) {
      this.#path[at] = index
      if (this.#write(map === null ? fields[key] : map.get(key), key, comma + labels[index])) comma = ', '
      index++
    }
    this.#leave(1)
    return this.#text.add('}')
  }

  /** Opens an object; a container is a level of its own. Returns the place of its position in the path. */
  #enter(holder: object, levels: 0 | 1): number {
    if (this.#open.includes(holder)) this.#refuse('a cycle')
    if (this.#level + levels > MAX_LEVELS || this.#open.length > 2 * MAX_LEVELS) {
      this.#refuse(`nests deeper than ${MAX_LEVELS} levels`)
    }
    this.#open.push(holder)
    this.#level += levels
    return this.#level - 1
  }

  #leave(levels: 0 | 1): void {
    this.#open.pop()
    this.#level -= levels
  }
}
