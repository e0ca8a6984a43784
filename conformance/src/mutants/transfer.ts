import { ConflictError, type StorageRecord } from '@dir/storage-core'
import { refused } from './acquiring.ts'
import type { Mutant } from './mutant.ts'
import { over, overShared } from './over.ts'
import { whole } from '../scenarios/kit.ts'

const TIME = '2026-03-01T09:30:00.000000Z'

export const transferMutants: readonly Mutant[] = [
  {
    id: 'export-leaves-out-transitions',
    breaks: 'an export has no transitions',
    from: 'a protocol that was added later',
    killedBy: 'transfer/exports-the-canonical-form',
    wrap: over((sound) => ({
      async *exportRecords() {
        for await (const record of sound.exportRecords()) if (record.type !== 'transition') yield record
      },
    })),
    async witness(storage) {
      await storage.lifecycle.recordTransition('w', null, 'A')
      const records = await Array.fromAsync(storage.exportRecords())
      return !records.some(({ type }) => type === 'transition')
    },
  },
  {
    id: 'import-renumbers-events',
    breaks: 'events are numbered anew when they are imported',
    from: 'an import that goes through record()',
    killedBy: 'transfer/gaps-between-numbers-stay',
    wrap: over((sound) => ({
      importRecords: (records, options) => sound.importRecords(renumbered(records), options),
    })),
    async witness(storage) {
      const event = { dfid: 'w', event: 'E', timestamp: TIME, stepId: '', state: '', detailsJson: '{}' }
      await storage.importRecords(whole([{ type: 'event', seq: 7, ...event }]))
      return (await storage.decisionAudit.allEventsChronological())[0]?.seq === 1
    },
  },
  {
    id: 'import-into-a-full-store',
    breaks: 'an import into a store that is not empty is taken',
    from: 'an upsert of whatever comes',
    killedBy: 'transfer/import-needs-an-empty-store',
    wrap: over((sound) => ({
      async importRecords(records, options) {
        const given = await Array.fromAsync(records)
        return sound.importRecords(given, options).catch((error: { code?: string }) => {
          if (error.code === 'STORAGE_CONFLICT') return { imported: given.length, skipped: 0 }
          throw error
        })
      },
    })),
    async witness(storage) {
      await storage.context.setSession('w', '1')
      return !(await refused(storage.importRecords(whole([]))))
    },
  },
  {
    id: 'export-without-counters',
    breaks: 'an export does not say which numbers were issued last',
    from: 'a sequence that is not part of the dump',
    killedBy: 'transfer/an-empty-store-exports-its-counters',
    wrap: over((sound) => ({
      async *exportRecords() {
        for await (const record of sound.exportRecords()) if (record.type !== 'counters') yield record
      },
    })),
    async witness(storage) {
      const records = await Array.fromAsync(storage.exportRecords())
      return records.length === 0
    },
  },
  {
    id: 'export-misses-an-event',
    breaks: 'an export leaves out an event now and then',
    from: 'pages by offset, while somebody writes',
    killedBy: 'transfer/the-audit-part-is-a-prefix',
    wrap: over((sound) => ({
      async *exportRecords() {
        for await (const record of sound.exportRecords())
          if (record.type !== 'event' || record.seq % 50 !== 7) yield record
      },
    })),
    async witness(storage) {
      for (let n = 0; n < 8; n++) await storage.decisionAudit.record('w', 'E')
      const records = await Array.fromAsync(storage.exportRecords())
      return records.filter(({ type }) => type === 'event').length === 7
    },
  },
  {
    id: 'import-takes-what-is-unfit',
    breaks: 'a record that is marked as unfit is imported',
    from: 'a mark that nobody reads',
    killedBy: 'transfer/unfit-records-are-refused-or-left-out',
    wrap: over((sound) => ({
      importRecords: (records, options) => sound.importRecords(unmarked(records), options),
    })),
    async witness(storage) {
      const session = { type: 'session', id: 'w', dataJson: '1', updatedAt: TIME } as const
      return !(await refused(storage.importRecords(whole([{ ...session, unfit: 'because' }]))))
    },
  },
  {
    id: 'wrong-import-locks-the-store',
    breaks: 'after an import of what are no records, writes are refused',
    from: 'a mark that is set before the arguments are looked at',
    killedBy: 'transfer/a-wrong-argument-leaves-the-store-as-it-was',
    wrap: overShared(
      () => ({ locked: false }),
      (sound, state) => ({
        async importRecords(records, options) {
          try {
            return await sound.importRecords(records, options)
          } catch (error) {
            state.locked ||= (error as { code?: string }).code === 'STORAGE_INVALID_ARGUMENT'
            throw error
          }
        },
        context: {
          async setSession(dfid, dataJson) {
            if (state.locked) throw new ConflictError('An import is not finished.')
            await sound.context.setSession(dfid, dataJson)
          },
        },
      }),
    ),
    async witness(storage) {
      await refused(storage.importRecords([null] as never))
      return refused(storage.context.setSession('w', '1'))
    },
  },
]

type Records = AsyncIterable<StorageRecord> | Iterable<StorageRecord>

async function* unmarked(records: Records): AsyncGenerator<StorageRecord> {
  for await (const record of records) {
    const { unfit: _, ...rest } = record
    yield rest as StorageRecord
  }
}

async function* renumbered(records: Records): AsyncGenerator<StorageRecord> {
  let seq = 0
  for await (const record of records) yield record.type === 'event' ? { ...record, seq: ++seq } : record
}
