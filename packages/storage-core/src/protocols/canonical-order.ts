import { DEFINITIONS, PROTOCOLS, type StorageRecord } from './index.ts'

type Type = StorageRecord['type']

const sorted = PROTOCOLS.flatMap((protocol) => {
  const { records, sortedBy = {} } = DEFINITIONS[protocol]
  return Object.keys(records).map((type) => [type, sortedBy[type] ?? []] as const)
})

/**
 * The order that makes exports of the same content the same, whatever backend they come from: the types of records in the
 * order of the keys here, which is that of every export; the records of a type by the UTF-8 bytes of these fields, the
 * first before the second. Those of a type without fields stay as the export has them: that is the order of insertion, of
 * events that of `seq`, and carries meaning.
 */
export const CANONICAL_ORDER: Readonly<Record<Type, readonly string[]>> = Object.fromEntries([
  ...sorted,
  ['counters', []],
]) as Record<Type, readonly string[]>
