import { StoredDataError } from '../errors/index.ts'
import { loadsJson } from '../json/decode.ts'

/** How a handle gives the numbers of stored JSON. */
export type Numbers = 'plain' | 'exact'

/** Parses JSON that a store gave back; what cannot be parsed names its place, never its content. */
export function parseStored(table: string, column: string, json: string, numbers: Numbers): unknown {
  try {
    return loadsJson(json, { lossless: numbers === 'exact' })
  } catch {
    throw new StoredDataError(table, column, 'is not JSON')
  }
}

/** `parseStored` for a member of a list: the row stays, with null and the error. */
export function parseListed(
  table: string,
  column: string,
  json: string | null,
  numbers: Numbers,
): { readonly value: unknown; readonly error?: StoredDataError } {
  if (json === null) return { value: null }
  try {
    return { value: parseStored(table, column, json, numbers) }
  } catch (error) {
    return { value: null, error: error as StoredDataError }
  }
}
