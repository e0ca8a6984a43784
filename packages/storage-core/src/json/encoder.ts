import { constants } from 'node:buffer'
import { types } from 'node:util'
import { isObject, isPlainObject, ownData } from './kind.ts'
import { floatText, integerText, isPyFloat, MAX_INTEGER_DIGITS } from './number.ts'
import { JsonPath } from './path.ts'
import { Shapes } from './shape.ts'
import { quote } from './string.ts'
import { TextSink, TextTooLong } from './sink.ts'

export interface EncodeRules {
  readonly argument: string
  readonly sortKeys: boolean
  /** Refuse what Python's encoder without `default` would refuse, and NaN and the infinities. */
  readonly nativeOnly: boolean
  /** How long the text may become: a small value that repeats its parts is given up early, with `TextTooLong`. */
  readonly maxLength?: number
}

/** Encodes one value; not to be used again. */
export class Encoder {
  readonly #rules: EncodeRules
  readonly #shapes: Shapes
  readonly #text: TextSink
  readonly #path: JsonPath

  constructor(rules: EncodeRules) {
    this.#rules = rules
    this.#shapes = new Shapes(rules.sortKeys)
    this.#text = new TextSink(rules.maxLength ?? constants.MAX_STRING_LENGTH)
    this.#path = new JsonPath(rules.argument)
  }

  encode(value: unknown): string {
    try {
      if (!this.#write(value, '', '')) this.#path.refuse('undefined')
      return this.#text.end()
    } catch (error) {
      // Getters, toJSON, toString and proxy traps are the caller's code, and what they throw may quote the payload.
      if (this.#path.refused(error)) throw error
      if (error instanceof TextTooLong) {
        if (this.#rules.maxLength !== undefined) throw error
        return this.#path.refuse('its JSON is too long for a string')
      }
      return this.#path.refuse('a value that cannot be encoded, because reading it throws')
    }
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
        return integerText(value) ?? this.#path.refuse(`an integer of more than ${MAX_INTEGER_DIGITS} digits`)
      case 'symbol':
        return this.#rules.nativeOnly ? this.#path.refuse('a symbol') : quote(String(value))
      case 'undefined':
        return this.#rules.nativeOnly ? this.#path.refuse('undefined') : undefined
      default:
        return 'null'
    }
  }

  #number(value: number, asFloat: boolean): string {
    if (!asFloat && Number.isSafeInteger(value)) return Object.is(value, -0) ? '-0.0' : String(value)
    if (Number.isFinite(value)) return floatText(value)
    return this.#rules.nativeOnly ? this.#path.refuse('a number that is not finite') : `"${value}"`
  }

  #object(value: object, key: string | number, lead: string): boolean {
    const toJSON = 'toJSON' in value ? value.toJSON : undefined
    if (typeof toJSON !== 'function') return this.#container(value, lead)
    if (isPyFloat(value)) return this.#text.add(lead + this.#number(value.value, true))
    if (this.#rules.nativeOnly) this.#path.refuse('an object with toJSON()')
    const result: unknown = Reflect.apply(toJSON, value, [String(key)])
    // As with JSON.stringify, a toJSON that returns its own object, or a copy of it, is not asked again.
    if (isObject(result) && 'toJSON' in result && result.toJSON === toJSON)
      return this.#container(result, lead)
    this.#path.enter(value, 0)
    const written = this.#write(result, key, lead)
    this.#path.leave(0)
    return written
  }

  #container(value: object, lead: string): boolean {
    if (Array.isArray(value)) return this.#array(value, value, lead)
    if (isPlainObject(value)) return this.#record(value, Object.keys(value), lead)
    if (this.#rules.nativeOnly) this.#path.refuse('a value that is not JSON-native')
    if (types.isMap(value)) return this.#record(value, this.#stringKeys(value), lead)
    if (types.isSet(value)) return this.#array([...value], value, lead)
    if (types.isBoxedPrimitive(value)) return this.#boxed(value.valueOf(), lead)
    const keys = ownData(value)
    if (keys.length > 0) return this.#record(value, keys, lead)
    // oxlint-disable-next-line typescript/no-base-to-string -- as Python's encoder with `default=str`
    return this.#text.add(lead + quote(String(value)))
  }

  #boxed(value: unknown, lead: string): boolean {
    if (isObject(value)) return this.#path.refuse('a boxed primitive that is not one')
    return this.#text.add(lead + (this.#primitive(value) ?? 'null'))
  }

  #stringKeys(map: ReadonlyMap<unknown, unknown>): string[] {
    return [...map.keys()].map((key) =>
      typeof key === 'string' ? key : this.#path.refuse('a Map with a key that is not a string'),
    )
  }

  #array(items: readonly unknown[], holder: object, lead: string): boolean {
    const length = items.length
    this.#path.enter(holder, 1)
    this.#text.add(`${lead}[`)
    for (let index = 0; index < length; index++) {
      this.#path.at(index)
      const comma = index === 0 ? '' : ', '
      if (!this.#write(items[index], index, comma)) this.#text.add(`${comma}null`)
    }
    this.#path.leave(1)
    return this.#text.add(']')
  }

  #record(holder: object, unsorted: readonly string[], lead: string): boolean {
    this.#path.enter(holder, 1)
    const { keys, labels } = this.#shapes.of(unsorted)
    const map = types.isMap(holder) ? holder : null
    const fields = holder as Readonly<Record<string, unknown>>
    this.#text.add(`${lead}{`)
    let comma = ''
    let index = 0
    for (const key of keys) {
      this.#path.at(index)
      if (this.#write(map === null ? fields[key] : map.get(key), key, comma + labels[index])) comma = ', '
      index++
    }
    this.#path.leave(1)
    return this.#text.add('}')
  }
}
