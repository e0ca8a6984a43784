import type { StorageRecord } from '@dir/storage-core'
import { refused } from './acquiring.ts'
import type { Mutant } from './mutant.ts'
import { over } from './over.ts'

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
      await storage.importRecords([{ type: 'event', seq: 7, ...event }])
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
      return !(await refused(storage.importRecords([])))
    },
  },
]

async function* renumbered(
  records: AsyncIterable<StorageRecord> | Iterable<StorageRecord>,
): AsyncGenerator<StorageRecord> {
  let seq = 0
  for await (const record of records) yield record.type === 'event' ? { ...record, seq: ++seq } : record
}
