import type { Batch, StorageHandle, StorageRecord } from '@dir/storage-core'
import { exported } from '../scenarios/filled.ts'
import { whole } from '../scenarios/kit.ts'
import { refused } from './acquiring.ts'
import type { Mutant } from './mutant.ts'
import { over } from './over.ts'

const TIME = '2026-03-01T09:30:00.000000Z'
type Records = AsyncIterable<StorageRecord> | Iterable<StorageRecord>

/** Takes an import that the sound store refuses as soon as `calm` says so. */
const taking = (calm: (found: readonly StorageRecord[]) => boolean): Mutant['wrap'] =>
  over((sound) => ({
    importRecords: (records, options) =>
      sound.importRecords(records, options).catch(async (error: { code?: string }) => {
        if (error.code !== 'STORAGE_CONFLICT' || !calm(await exported(sound))) throw error
        return { imported: 0, skipped: 0 }
      }),
  }))

/** Whether a store takes an import after `write`. */
const takes = async (storage: StorageHandle, write: (storage: StorageHandle) => Promise<unknown>) => {
  await write(storage)
  return !(await refused(storage.importRecords(whole([]))))
}

export const transferEmptyMutants: readonly Mutant[] = [
  {
    id: 'import-into-an-emptied-store',
    breaks: 'a store whose records were all removed takes an import, which sets its numbers back',
    from: 'SELECT count(*) as the question whether a store was used',
    killedBy: 'transfer/a-used-and-emptied-store-is-not-empty',
    wrap: taking((found) => found.length === 1),
    witness: (storage) =>
      takes(storage, async ({ resourceLock }) => {
        await resourceLock.acquireBatch('w', { w: 1 }, 1)
        await resourceLock.release('w')
      }),
  },
  {
    id: 'import-beside-counts',
    breaks: 'a store that holds retry counts takes an import',
    from: 'a list of tables that one was forgotten in',
    killedBy: 'transfer/any-record-fills-a-store',
    wrap: taking((found) => found.slice(0, -1).every(({ type }) => type === 'retryCount')),
    witness: (storage) => takes(storage, ({ intentRetry }) => intentRetry.setCount('w', 0)),
  },
  {
    id: 'import-ends-for-another',
    breaks: 'an import that another took over after its last record reports success',
    from: 'a mark that is removed without a look at whose it is',
    killedBy: 'transfer/an-import-that-was-taken-over-cannot-end',
    wrap: over((sound) => ({
      async importRecords(records, options) {
        let ended = false
        async function* followed(): AsyncGenerator<StorageRecord> {
          yield* records
          ended = true
        }
        return sound.importRecords(followed(), options).catch((error: { code?: string }) => {
          if (error.code !== 'STORAGE_CONFLICT' || !ended) throw error
          return { imported: 1, skipped: 0 }
        })
      },
    })),
    async witness(storage, open) {
      const records = whole([{ type: 'session', id: 'w', dataJson: '1', updatedAt: TIME }])
      async function* overtaken(): AsyncGenerator<StorageRecord> {
        yield* records
        await (await open()).importRecords(records)
      }
      return !(await refused(storage.importRecords(overtaken())))
    },
  },
  {
    id: 'export-ends-with-a-full-page',
    breaks: 'an export leaves out what comes after a megabyte of one kind',
    from: 'a page cut by its bytes that is taken for the last, because it is short',
    killedBy: 'transfer/large-records-leave-nothing-out',
    wrap: over((sound) => ({
      async *exportRecords() {
        const bytes = new Map<string, number>()
        for await (const record of sound.exportRecords()) {
          const before = bytes.get(record.type) ?? 0
          bytes.set(record.type, before + JSON.stringify(record).length)
          if (before < 1_000_000 || record.type === 'counters') yield record
        }
      },
    })),
    async witness(storage) {
      const large = JSON.stringify('x'.repeat(1_000_000))
      await storage.context.setSession('v', large)
      await storage.context.setSession('w', large)
      return (await exported(storage)).length === 2
    },
  },
  {
    id: 'import-mixes-its-pages',
    breaks: 'of many marks the second thousand is imported before the first',
    from: 'pages that are written side by side',
    killedBy: 'transfer/orders-go-through-many-pages',
    wrap: over((sound) => ({
      importRecords: (records, options) => sound.importRecords(mixed(records), options),
    })),
    async witness(storage) {
      const mark = { type: 'dirtyFlow', failedStep: '', partialStateJson: '{}', createdAt: TIME } as const
      const marks = Array.from({ length: 1_001 }, (_, n) => ({ ...mark, dfid: String(n) }))
      await storage.importRecords(whole(marks))
      return (await storage.saga.getDirtyFlows())[0] === '1000'
    },
  },
  {
    id: 'batch-inside-another-joins-it',
    breaks: 'a batch that is begun inside another’s callback is recorded on that one',
    from: 'a transaction in a variable of its module; savepoints without names',
    killedBy: 'atomically/one-inside-another-is-a-batch-of-its-own',
    wrap: over((sound) => {
      let outer: Batch | null = null
      return {
        async atomically(record) {
          if (outer !== null) {
            record(outer)
            return []
          }
          return sound.atomically((batch) => {
            outer = batch
            try {
              return record(batch)
            } finally {
              outer = null
            }
          })
        },
      }
    }),
    async witness(storage) {
      const batch = storage.atomically(() => {
        void storage.atomically((inner) => inner.context.setSession('w', '1'))
        throw new RangeError('no')
      })
      await refused(batch)
      return (await storage.context.getSession('w')) === null
    },
  },
]

async function* mixed(records: Records): AsyncGenerator<StorageRecord> {
  let held: StorageRecord[] = []
  for await (const record of records) {
    if (record.type === 'dirtyFlow' && held.length < 1_000) {
      held.push(record)
      continue
    }
    if (record.type !== 'dirtyFlow') {
      yield* held
      held = []
    }
    yield record
  }
}
