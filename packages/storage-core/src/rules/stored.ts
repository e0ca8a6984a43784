import { StoredDataError } from '../errors/index.ts'
import { loadsJson } from '../json/decode.ts'

/** Parses JSON that a store gave back; what cannot be parsed names its place, never its content. */
export function parseStored(table: string, column: string, json: string): unknown {
  try {
    return loadsJson(json, { lossless: true })
  } catch {
    throw new StoredDataError(table, column, 'is not JSON')
  }
}

/** `parseStored` for a member of a list: the row stays, with null and the error. */
export function parseListed(
  table: string,
  column: string,
  json: string | null,
): { readonly value: unknown; readonly error?: StoredDataError } {
  if (json === null) return { value: null }
  try {
    return { value: parseStored(table, column, json) }
  } catch (error) {
    return { value: null, error: error as StoredDataError }
  }
}
