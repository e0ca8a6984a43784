import type { StorageRecord } from '@dir/storage-core'
import { whole } from '../scenarios/kit.ts'
import { asked } from '../scenarios/plant.ts'
import { refused } from './acquiring.ts'
import type { Mutant } from './mutant.ts'
import { over } from './over.ts'
import { REQUEST } from './samples.ts'

const NOW = '2026-03-01T09:30:00.000000Z'
const BY = { resolvedBy: 'w' }

/** Who decided is lost, or made up, on a way that was there before it was kept. */
export const transferDecisionMutants: readonly Mutant[] = [
  {
    id: 'batch-forgets-who-decided',
    breaks: 'who decided is not kept where the decision is part of a batch',
    from: 'a second way to write, to which a column was not added',
    killedBy: 'atomically/commits-every-kind-of-write',
    wrap: over((sound) => ({
      atomically: (record) =>
        sound.atomically((batch) =>
          record({
            ...batch,
            escalation: {
              ...batch.escalation,
              resolveRequest(dfid, resolvedAt, decision, proposalJson, options) {
                const { resolvedBy: _, ...rest } = options ?? {}
                return batch.escalation.resolveRequest(dfid, resolvedAt, decision, proposalJson, rest)
              },
            },
          }),
        ),
    })),
    async witness(storage) {
      await storage.escalation.insertRequest(REQUEST)
      await storage.atomically((batch) => batch.escalation.resolveRequest('w', NOW, 'A', null, BY))
      return (await storage.escalation.getRequest('w'))?.resolvedBy === null
    },
  },
  {
    id: 'export-forgets-who-decided',
    breaks: 'an export does not say who decided',
    from: 'a list of columns that was not made longer',
    killedBy: 'transfer/a-request-keeps-its-status',
    wrap: over((sound) => ({ exportRecords: () => unnamed(sound.exportRecords(), 'RESOLVED') })),
    async witness(storage) {
      await storage.escalation.insertRequest(REQUEST)
      await storage.escalation.resolveRequest('w', NOW, 'A', null, BY)
      const records = await Array.fromAsync(storage.exportRecords())
      return !records.some((record) => record.type === 'request' && record.resolvedBy === 'w')
    },
  },
  {
    id: 'import-leaves-out-older-decisions',
    breaks: 'a decision that was exported before it was kept who decided is not imported',
    from: 'a new field that is asked for in every record',
    killedBy: 'transfer/a-request-keeps-its-status',
    wrap: over((sound) => ({
      importRecords: (records) => sound.importRecords(named(records), { unfit: 'skip' }),
    })),
    async witness(storage) {
      const resolved = { status: 'RESOLVED', resolvedAt: NOW, decision: null } as const
      await storage.importRecords(whole([{ ...asked('w', NOW), ...resolved }]))
      return (await storage.escalation.getRequest('w')) === null
    },
  },
  {
    id: 'import-takes-who-decided-nothing',
    breaks: 'a pending request that somebody has decided is imported as pending',
    from: 'a field that is not looked at where it should be empty',
    killedBy: 'transfer/unfit-records-are-refused-or-left-out',
    wrap: over((sound) => ({
      importRecords: (records, options) => sound.importRecords(unnamed(records, 'PENDING'), options),
    })),
    async witness(storage) {
      return !(await refused(storage.importRecords(whole([{ ...asked('w', NOW), ...BY }]))))
    },
  },
]

type Records = AsyncIterable<StorageRecord> | Iterable<StorageRecord>

/** Leaves out who decided requests of this status. */
async function* unnamed(records: Records, status: string): AsyncGenerator<StorageRecord> {
  for await (const record of records) {
    if (record.type !== 'request' || record.status !== status) yield record
    else {
      const { resolvedBy: _, ...rest } = record
      yield rest
    }
  }
}

async function* named(records: Records): AsyncGenerator<StorageRecord> {
  for await (const record of records)
    yield record.type === 'request' && record.status === 'RESOLVED'
      ? { ...record, resolvedBy: record.resolvedBy ?? '' }
      : record
}
