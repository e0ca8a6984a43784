import { setTimeout as sleep } from 'node:timers/promises'
import type { StorageRecord } from '@dir/storage-core'
import { refused } from './acquiring.ts'
import type { Mutant } from './mutant.ts'
import { over } from './over.ts'
import { whole } from '../scenarios/kit.ts'

const TIME = '2026-03-01T09:30:00.000000Z'

export const transferRivalMutants: readonly Mutant[] = [
  {
    id: 'import-taken-over-unnoticed',
    breaks: 'an import whose records another import removed half-way reports success',
    from: 'a mark that says that an import runs, and not which',
    killedBy: 'transfer/an-import-that-was-taken-over-writes-nothing-more',
    wrap: over((sound) => ({
      async importRecords(records, options) {
        const given: StorageRecord[] = []
        async function* counted(): AsyncGenerator<StorageRecord> {
          for await (const record of records) {
            given.push(record)
            yield record
          }
        }
        return sound.importRecords(counted(), options).catch((error: { code?: string }) => {
          if (error.code !== 'STORAGE_CONFLICT' || given.length < 2) throw error
          return { imported: given.length, skipped: 0 }
        })
      },
    })),
    async witness(storage, open) {
      const session = { type: 'session', id: 'w', dataJson: '1', updatedAt: TIME } as const
      async function* overtaken(): AsyncGenerator<StorageRecord> {
        yield session
        await (await open()).importRecords(whole([session]))
        yield* whole([session, session]).slice(1)
      }
      return !(await refused(storage.importRecords(overtaken())))
    },
  },
  {
    id: 'import-before-earlier-writes',
    breaks: 'a write that was issued before an import is made after it',
    from: 'an import that runs past the queue of writes',
    killedBy: 'transfer/an-import-sees-what-was-issued-before-it',
    wrap: over((sound) => ({
      context: {
        async setSession(dfid, json) {
          await sleep(20)
          await sound.context.setSession(dfid, json)
        },
      },
    })),
    async witness(storage) {
      await storage.init()
      const write = storage.context.setSession('w', '1')
      write.catch(() => {}) // the sound handle beneath may refuse it
      return !(await refused(storage.importRecords(whole([]))))
    },
  },
  {
    id: 'import-reopens-a-decision',
    breaks: 'a request that was decided at no time is imported as pending',
    from: 'a status that is derived from the time',
    killedBy: 'transfer/unfit-records-are-refused-or-left-out',
    wrap: over((sound) => ({
      importRecords: (records, options) => sound.importRecords(reopened(records), options),
    })),
    async witness(storage) {
      const request = { type: 'request', dfid: 'w', agentId: 'w', reason: '', contextJson: '{}' } as const
      const rest = {
        proposalJson: '{}',
        impact: '',
        createdAt: TIME,
        resolvedAt: null,
        decision: 'no',
      } as const
      return !(await refused(storage.importRecords(whole([{ ...request, ...rest, status: 'RESOLVED' }]))))
    },
  },
]

async function* reopened(
  records: AsyncIterable<StorageRecord> | Iterable<StorageRecord>,
): AsyncGenerator<StorageRecord> {
  for await (const record of records)
    yield record.type === 'request' && record.resolvedAt === null ? { ...record, status: 'PENDING' } : record
}
