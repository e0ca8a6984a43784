import type { StorageRecord } from '@dir/storage-core'
import type { Mutant } from './mutant.ts'
import { over } from './over.ts'
import { whole } from '../scenarios/kit.ts'
import { asked } from '../scenarios/plant.ts'

const TIME = '2026-03-01T09:30:00.000000Z'

/** A field of a record arrives otherwise than it was. */
export const transferFieldMutants: readonly Mutant[] = [
  {
    id: 'import-without-leases',
    breaks: 'a leased hold is imported without its end',
    from: 'a column that the import does not know',
    killedBy: 'transfer/leases-keep-their-end',
    wrap: over((sound) => ({
      importRecords: (records, options) => sound.importRecords(endless(records), options),
    })),
    async witness(storage) {
      const hold = {
        type: 'hold',
        dfid: 'w',
        resourceId: 'w',
        amount: 1,
        acquiredAt: TIME,
        fence: 1,
      } as const
      await storage.importRecords(whole([{ ...hold, expiresAt: '2200-01-01T00:00:00.000000Z' }]))
      return (await storage.resourceLock.getHolds())[0]?.expiresAt === null
    },
  },
  {
    id: 'import-opens-what-has-no-decision',
    breaks: 'a request that was resolved without a decision is pending when it is imported',
    from: 'a status that is told from another field',
    killedBy: 'transfer/a-request-keeps-its-status',
    wrap: over((sound) => ({
      importRecords: (records, options) => sound.importRecords(reopened(records), options),
    })),
    async witness(storage) {
      const resolved = { status: 'RESOLVED', resolvedAt: TIME, decision: null } as const
      await storage.importRecords(whole([{ ...asked('w', TIME), ...resolved }]))
      return (await storage.escalation.getPendingRequests()).length === 1
    },
  },
  {
    id: 'import-adds-a-micro-unit',
    breaks: 'an amount of some billions gains a micro-unit when it is imported',
    from: 'amounts that become floating-point numbers on the way, and are rounded twice',
    killedBy: 'transfer/large-amounts-stay',
    wrap: over((sound) => ({
      importRecords: (records, options) => sound.importRecords(grown(records), options),
    })),
    async witness(storage) {
      const hold = { type: 'hold', dfid: 'w', resourceId: 'w', acquiredAt: TIME, expiresAt: null } as const
      await storage.importRecords(whole([{ ...hold, fence: 1, amount: 4_417_943_683.526857 }]))
      return (await storage.resourceLock.getLockedAmount('w', null)) !== 4_417_943_683.526857
    },
  },
]

type Records = AsyncIterable<StorageRecord> | Iterable<StorageRecord>

async function* endless(records: Records): AsyncGenerator<StorageRecord> {
  for await (const record of records) yield record.type === 'hold' ? { ...record, expiresAt: null } : record
}

async function* reopened(records: Records): AsyncGenerator<StorageRecord> {
  for await (const record of records)
    yield record.type === 'request' && record.decision === null
      ? { ...record, status: 'PENDING', resolvedAt: null }
      : record
}

async function* grown(records: Records): AsyncGenerator<StorageRecord> {
  for await (const record of records)
    yield record.type === 'hold' && record.amount > 2 ** 32
      ? { ...record, amount: record.amount + 1e-6 }
      : record
}
