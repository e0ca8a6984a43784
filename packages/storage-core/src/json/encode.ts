import { Encoder } from './encoder.ts'

export { PyFloat, pyFloat } from './number.ts'

/** Options of `dumpsJsonDict`. */
export interface DumpsOptions {
  /** Sort the keys of objects by code point; default true. Otherwise they keep their order. */
  readonly sortKeys?: boolean
}

/**
 * Encodes a value as the same bytes as CPython's `json.dumps(value, sort_keys=True, default=str)`.
 *
 * NaN and the infinities become strings; `toJSON()` is honoured; Map and Set become object and array; undefined is
 * left out of objects and null in arrays; what is not JSON-native becomes `String(value)`. Integers beyond 2^53 need
 * a bigint, and floats such as 67.0 `pyFloat`, to be written as Python writes them.
 *
 * @throws InvalidArgumentError for a cycle, more than 500 levels, an integer of more than 4 300 digits, a Map key that
 * is not a string, undefined at the top, or a value that throws when read. The reason names the place by the positions
 * of the entries in the order in which they are written, never by key.
 * Original: `dir_core.storage.json_util.dumps_json_dict`.
 */
export function dumpsJsonDict(value: unknown, options: DumpsOptions = {}): string {
  return new Encoder({ argument: 'value', sortKeys: options.sortKeys ?? true, nativeOnly: false }).encode(
    value,
  )
}
