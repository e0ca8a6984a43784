import { types } from 'node:util'
import { InvalidArgumentError } from './errors.ts'
import { isObject, isPlainObject, ownData } from './json-kind.ts'
import { floatText, integerText, isPyFloat, MAX_INTEGER_DIGITS } from './json-number.ts'
import { Shapes } from './json-shape.ts'
import { quote } from './json-string.ts'

/** How deep stored JSON may nest. */
export const MAX_LEVELS = 500

export interface EncodeRules {
  readonly argument: string
  readonly sortKeys: boolean
  /** Refuse what Python's encoder without `default` would refuse, and NaN and the infinities. */
  readonly nativeOnly: boolean
}

/** Encodes one value; not to be used again after it has thrown. */
export class Encoder {
  readonly #rules: EncodeRules
  readonly #shapes: Shapes
  /** The objects being encoded, outermost first: containers, and holders of a `toJSON` in progress. */
  readonly #open: object[] = []
  readonly #path: number[] = []
  #level = 0

  constructor(rules: EncodeRules) {
    this.#rules = rules
    this.#shapes = new Shapes(rules.sortKeys)
  }

  refuse(reason: string): never {
    const path = this.#path.slice(0, this.#level)
    const place = path.length === 0 ? 'at the top' : `at ${path.map((position) => `[${position}]`).join('')}`
    throw new InvalidArgumentError(this.#rules.argument, `${place}: ${reason}`)
  }

  encode(value: unknown, key: string | number): string | undefined {
    switch (typeof value) {
      case 'string':
        return quote(value)
      case 'number':
        return this.#number(value, false)
      case 'boolean':
        return value ? 'true' : 'false'
      case 'bigint':
        return integerText(value) ?? this.refuse(`an integer of more than ${MAX_INTEGER_DIGITS} digits`)
      case 'symbol':
        return this.#rules.nativeOnly ? this.refuse('a symbol') : quote(String(value))
      case 'object':
        return value === null ? 'null' : this.#object(value, key)
      case 'function':
        return this.#object(value, key)
      default:
        return this.#rules.nativeOnly ? this.refuse('undefined') : undefined
    }
  }

  #number(value: number, asFloat: boolean): string {
    if (!asFloat && Number.isSafeInteger(value)) return Object.is(value, -0) ? '-0.0' : String(value)
    if (Number.isFinite(value)) return floatText(value)
    return this.#rules.nativeOnly ? this.refuse('a number that is not finite') : `"${value}"`
  }

  #object(value: object, key: string | number): string | undefined {
    const toJSON = 'toJSON' in value ? value.toJSON : undefined
    if (typeof toJSON !== 'function') return this.#container(value)
    if (isPyFloat(value)) return this.#number(value.value, true)
    if (this.#rules.nativeOnly) this.refuse('an object with toJSON()')
    const result: unknown = Reflect.apply(toJSON, value, [String(key)])
    // As with JSON.stringify, a toJSON that returns its own object, or a copy of it, is not asked again.
    if (isObject(result) && 'toJSON' in result && result.toJSON === toJSON) return this.#container(result)
    this.#enter(value, 0)
    const text = this.encode(result, key)
    this.#leave(0)
    return text
  }

  #container(value: object): string {
    if (Array.isArray(value)) return this.#array(value)
    if (isPlainObject(value)) return this.#record(value, Object.keys(value))
    if (this.#rules.nativeOnly) this.refuse('a value that is not JSON-native')
    if (types.isMap(value)) return this.#record(value, this.#stringKeys(value))
    if (types.isSet(value)) return this.#array([...value], value)
    if (types.isBoxedPrimitive(value)) return this.#boxed(value.valueOf())
    const keys = ownData(value)
    // oxlint-disable-next-line typescript/no-base-to-string -- as Python's encoder with `default=str`
    return keys.length === 0 ? quote(String(value)) : this.#record(value, keys)
  }

  #boxed(primitive: unknown): string {
    const text = isObject(primitive) ? undefined : this.encode(primitive, '')
    return text ?? quote(String(primitive))
  }

  #stringKeys(map: ReadonlyMap<unknown, unknown>): string[] {
    return [...map.keys()].map((key) =>
      typeof key === 'string' ? key : this.refuse('a Map with a key that is not a string'),
    )
  }

  #array(items: readonly unknown[], holder: object = items): string {
    const length = items.length
    const at = this.#enter(holder, 1)
    let text = ''
    for (let index = 0; index < length; index++) {
      this.#path[at] = index
      const item = this.encode(items[index], index) ?? 'null'
      text += index === 0 ? item : `, ${item}`
    }
    this.#leave(1)
    return `[${text}]`
  }

  #record(holder: object, unsorted: readonly string[]): string {
    const at = this.#enter(holder, 1)
    const { keys, labels } = this.#shapes.of(unsorted)
    const map = types.isMap(holder) ? holder : null
    const fields = holder as Readonly<Record<string, unknown>>
    let text = ''
    let index = 0
    for (const key of keys) {
      this.#path[at] = index
      const value = this.encode(map === null ? fields[key] : map.get(key), key)
      if (value !== undefined) text += (text === '' ? '' : ', ') + labels[index] + value
      index++
    }
    this.#leave(1)
    return `{${text}}`
  }

  /** Opens an object; a container is a level of its own. Returns the place of its position in the path. */
  #enter(holder: object, levels: 0 | 1): number {
    if (this.#open.includes(holder)) this.refuse('a cycle')
    if (this.#level + levels > MAX_LEVELS || this.#open.length > 2 * MAX_LEVELS) {
      this.refuse(`nests deeper than ${MAX_LEVELS} levels`)
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
