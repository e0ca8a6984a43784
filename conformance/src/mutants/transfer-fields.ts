import type { StorageRecord } from '@dir/storage-core'
import type { Mutant } from './mutant.ts'
import { LEASE } from './samples.ts'
import { over, overShared } from './over.ts'
import { range, whole } from '../scenarios/kit.ts'
import { asked, claim, hold } from '../scenarios/plant.ts'

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
    id: 'export-ends-where-a-hold-has-expired',
    breaks: 'an export has no more than 500 holds, where one of them has expired',
    from: 'a page that is taken for the last, because a record was left out of it',
    killedBy: 'expired-holds/end-no-export',
    wrap: overShared(
      () => ({ hasExpired: false }),
      (sound, shared) => ({
        async importRecords(records, options) {
          const given = await Array.fromAsync(records)
          shared.hasExpired = given.some((one) => one.type === 'hold' && (one.expiresAt ?? '9') < TIME)
          return sound.importRecords(given, options)
        },
        async *exportRecords() {
          let holds = 0
          for await (const record of sound.exportRecords())
            if (record.type !== 'hold' || !shared.hasExpired || ++holds < 500) yield record
        },
      }),
    ),
    async witness(storage) {
      const flows = range(600).map((n) => hold(`w ${n}`, 'w', n + 1))
      const over = hold('over', 'w', 1_000, { expiresAt: '2026-03-01T09:00:00.000000Z' })
      await storage.importRecords(whole([...flows, over]))
      const records = await Array.fromAsync(storage.exportRecords())
      return records.filter(({ type }) => type === 'hold').length < 600
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
  {
    id: 'export-forgets-what-claims-are-for',
    breaks: 'an export has the claims without their flows and steps',
    from: 'columns that came later',
    killedBy: 'idempotency/what-claims-are-for-is-exported',
    wrap: over((sound) => ({
      async *exportRecords() {
        for await (const record of sound.exportRecords()) {
          if (record.type !== 'idempotency') yield record
          else {
            const { dfid: _, stepId: __, ...rest } = record
            yield rest
          }
        }
      },
    })),
    async witness(storage) {
      await storage.idempotency.claim('w', { ...LEASE, dfid: 'a' })
      const [record] = await Array.fromAsync(storage.exportRecords())
      return record?.type === 'idempotency' && record.dfid === undefined
    },
  },
  {
    id: 'import-believes-the-clock-of-a-claim',
    breaks:
      'a claim that is imported is in flight until the time at which it was made, by a clock that is ahead',
    from: 'a lease that is over at once, by the clock of the origin',
    killedBy: 'transfer/an-unfinished-claim-arrives-as-ambiguous',
    wrap: overShared(
      () => new Map<string, string>(),
      (sound, times) => ({
        importRecords: (records, options) => sound.importRecords(noted(records, times), options),
        idempotency: {
          async claim(key, options) {
            const until = times.get(key) ?? ''
            if (until > new Date().toISOString()) return { state: 'inFlight', until }
            return sound.idempotency.claim(key, options)
          },
        },
      }),
    ),
    async witness(storage) {
      await storage.importRecords(whole([claim('w', '2200-01-01T00:00:00.000000Z')]))
      return (await storage.idempotency.claim('w', LEASE)).state === 'inFlight'
    },
  },
  {
    id: 'import-loses-what-is-neither',
    breaks: 'a record that is neither a result nor a claim is imported, and nothing is there',
    from: 'two tables, one for results and one for claims',
    killedBy: 'idempotency/what-claims-are-for-is-exported',
    wrap: over((sound) => ({
      importRecords: (records, options) => sound.importRecords(withoutNeither(records), options),
    })),
    async witness(storage) {
      const imported = storage.importRecords(whole([{ ...claim('w', TIME), claimedAt: null }]))
      return imported.then(
        () => true,
        () => false,
      )
    },
  },
]

type Records = AsyncIterable<StorageRecord> | Iterable<StorageRecord>

async function* noted(records: Records, times: Map<string, string>): AsyncGenerator<StorageRecord> {
  for await (const record of records) {
    if (record.type === 'idempotency' && record.claimedAt !== null) times.set(record.key, record.claimedAt)
    yield record
  }
}

async function* withoutNeither(records: Records): AsyncGenerator<StorageRecord> {
  let left = 0
  for await (const record of records)
    if (record.type === 'idempotency' && record.resultJson === null && record.claimedAt === null) left++
    else yield record.type === 'counters' ? { ...record, records: record.records - left } : record
}

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
