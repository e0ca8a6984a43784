import type { StorageRecord } from '@dir/storage-core'
import { whole } from '../scenarios/kit.ts'
import { refused } from './acquiring.ts'
import type { Mutant } from './mutant.ts'
import { over } from './over.ts'

const TIME = '2026-03-01T09:30:00.000000Z'
const token = { type: 'budgetToken', agentId: 'w', createdAt: TIME } as const
const event = (seq: number): StorageRecord => {
  return {
    type: 'event',
    seq,
    dfid: 'w',
    event: 'E',
    timestamp: TIME,
    stepId: '',
    state: '',
    detailsJson: '{}',
  }
}

type Records = AsyncIterable<StorageRecord> | Iterable<StorageRecord>
type Mend = (records: readonly StorageRecord[]) => readonly StorageRecord[]

/** An import that makes a whole of what it was given. */
const mending = (mend: Mend) =>
  over((sound) => ({
    async importRecords(records: Records, options) {
      const given = await Array.fromAsync(records)
      const isWhole = given.at(-1)?.type === 'counters'
      return sound.importRecords(given.length > 0 && isWhole ? mend(given) : given, options)
    },
  }))

const isRecord = ({ type }: StorageRecord): boolean => type !== 'counters'

export const transferWholeMutants: readonly Mutant[] = [
  {
    id: 'import-counts-nothing',
    breaks: 'an import does not look whether records are missing or doubled, as long as counters end it',
    from: 'a dump that was resumed with an overlap',
    killedBy: 'transfer/takes-a-whole-export-only',
    wrap: mending((given) => {
      const records = given.filter(isRecord)
      return [...records, { ...(given.at(-1) as StorageRecord), records: records.length } as StorageRecord]
    }),
    witness: async (storage) => {
      const [first, ...rest] = whole([token])
      return !(await refused(storage.importRecords([first as StorageRecord, token, ...rest])))
    },
  },
  {
    id: 'import-takes-the-part-that-is-there',
    breaks: 'an import that ends before its counters reports success',
    from: 'a file that was cut off at a line',
    killedBy: 'transfer/takes-a-whole-export-only',
    wrap: over((sound) => ({
      async importRecords(records: Records, options) {
        const given = await Array.fromAsync(records)
        const isCut = given.length > 0 && given.every(isRecord)
        return sound.importRecords(isCut ? whole(given) : given, options)
      },
    })),
    witness: async (storage) => !(await refused(storage.importRecords([token]))),
  },
  {
    id: 'import-sorts-events',
    breaks: 'events in another order are imported, and none is missed that has taken the place of another',
    from: 'an upsert by the number of an event',
    killedBy: 'transfer/takes-events-whose-numbers-rise',
    wrap: mending((given) => {
      const events = new Map<number, StorageRecord>()
      for (const record of given) if (record.type === 'event') events.set(record.seq, record)
      const sorted = [...events].sort(([a], [b]) => a - b).map(([, record]) => record)
      const missing = given.filter(({ type }) => type === 'event').length - sorted.length
      const others = given.filter(({ type }) => type !== 'event')
      const last = others.at(-1) as StorageRecord & { readonly records: number }
      return [...sorted, ...others.slice(0, -1), { ...last, records: last.records - missing }]
    }),
    witness: async (storage) => !(await refused(storage.importRecords(whole([event(2), event(1)])))),
  },
]
