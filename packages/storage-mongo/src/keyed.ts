import type { CollectionName } from './documents.ts'

/** The same key for the same id, whatever kind of id it is. */
export function keyOf(id: unknown): string {
  return typeof id === 'object' ? JSON.stringify(id) : String(id as string | number)
}

/** The map of one collection. */
export function mapOf<V>(maps: Map<CollectionName, Map<string, V>>, name: CollectionName): Map<string, V> {
  const found = maps.get(name) ?? new Map<string, V>()
  maps.set(name, found)
  return found
}
