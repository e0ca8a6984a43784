import type { StorageRecord } from '@dir/storage-core'
import { placeOf, sortKey } from './canonical.ts'

/** Something in which two stores differ. */
export interface Difference {
  /** `differs`: both have it, otherwise. */
  readonly kind: 'only in the first' | 'only in the second' | 'differs'
  readonly first: StorageRecord | null
  readonly second: StorageRecord | null
}

/** Two canonical exports side by side: all in which they differ, in their order. */
export async function* differences(
  one: AsyncIterator<string>,
  other: AsyncIterator<string>,
): AsyncGenerator<Difference> {
  let [a, b] = await Promise.all([one.next(), other.next()])
  while (a.done !== true || b.done !== true) {
    if (a.done !== true && b.done !== true && a.value === b.value) {
      ;[a, b] = await Promise.all([one.next(), other.next()])
      continue
    }
    const first = a.done === true ? null : (JSON.parse(a.value) as StorageRecord)
    const second = b.done === true ? null : (JSON.parse(b.value) as StorageRecord)
    const order = first === null ? 1 : second === null ? -1 : compare(first, second)
    if (order < 0) yield { kind: 'only in the first', first, second: null }
    else if (order > 0) yield { kind: 'only in the second', first: null, second }
    else yield { kind: 'differs', first, second }
    if (order <= 0) a = await one.next()
    if (order >= 0) b = await other.next()
  }
}

/** Which of two records comes first; 0: they are in the same place. */
function compare(one: StorageRecord, other: StorageRecord): number {
  const byType = placeOf(one) - placeOf(other)
  if (byType !== 0) return byType
  if (one.type === 'event' && other.type === 'event') return one.seq - other.seq
  return Buffer.compare(sortKey(one), sortKey(other))
}

/** A difference in one line. */
export function describe({ kind, first, second }: Difference): string {
  const record = (first ?? second) as unknown as Fields
  const { type, ...fields } = record
  if (kind !== 'differs') return `${kind}: ${type} ${JSON.stringify(fields)}`
  const [one, two] = [first, second] as unknown as [Fields, Fields]
  const names = Object.keys({ ...one, ...two }).filter((name) => one[name] !== two[name])
  const pairs = names.map((name) => `${name} ${shown(one[name])} and ${shown(two[name])}`)
  return `${kind}: ${type} ${idOf(record)}: ${pairs.join(', ')}`
}

type Fields = Readonly<Record<string, unknown>> & { readonly type: string }

const shown = (value: unknown): string => JSON.stringify(value) ?? 'nothing'

function idOf(record: Fields): string {
  const { agentId, id, key, dfid, resourceId, seq } = record
  const parts = [seq, key, id, dfid, resourceId, dfid === undefined ? agentId : undefined]
  return parts
    .filter((part) => part !== undefined)
    .map(String)
    .join(' ')
}
