import type { EventFilter, HoldExport, StorageRecord } from '@dir/storage-core'
import type { Mutant } from './mutant.ts'
import { over, overShared } from './over.ts'

/** The filter without the limits that are not there. */
const defined = (filter: Readonly<Record<string, unknown>>): EventFilter =>
  Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined))

const isOver = ({ expiresAt }: HoldExport): boolean =>
  expiresAt !== null && Date.parse(expiresAt) < Date.now()

export const confusionMutants: readonly Mutant[] = [
  {
    id: 'an-empty-hash-is-none',
    breaks: 'a request hash of empty text counts as none',
    from: 'a value that was tested for truth',
    killedBy: 'zero-and-absence/of-texts',
    wrap: over(({ idempotency }) => ({
      idempotency: {
        claim: (key, { leaseSec, requestHash = '' }) =>
          idempotency.claim(key, requestHash === '' ? { leaseSec } : { leaseSec, requestHash }),
      },
    })),
    async witness({ idempotency }) {
      await idempotency.claim('w', { leaseSec: 60, requestHash: '' })
      return (await idempotency.claim('w', { leaseSec: 60, requestHash: 'A' })).state !== 'mismatch'
    },
  },
  {
    id: 'export-keeps-expired-holds',
    breaks: 'an export holds leased holds that are over and that nobody has met since',
    from: 'expiry judged by the getters, and not by the export',
    killedBy: 'expired-holds/are-nowhere',
    wrap: overShared(
      () => [] as HoldExport[],
      (sound, imported) => ({
        importRecords: (records, options) => {
          async function* noting(): AsyncGenerator<StorageRecord> {
            for await (const record of records) {
              if (record.type === 'hold') imported.push(record)
              yield record
            }
          }
          return sound.importRecords(noting(), options)
        },
        async *exportRecords() {
          for await (const record of sound.exportRecords()) {
            if (record.type !== 'counters') yield record
            else {
              const ended = imported.filter(isOver)
              yield* ended
              yield { ...record, records: record.records + ended.length }
            }
          }
        },
      }),
    ),
    async witness(storage) {
      const expiresAt = '2001-01-01T00:00:00.000000Z'
      const hold = { type: 'hold', dfid: 'w', resourceId: 'w', amount: 1, acquiredAt: expiresAt } as const
      await storage.importRecords([
        { ...hold, expiresAt, fence: 1 },
        { type: 'counters', seq: 0, fence: 1, records: 1 },
      ])
      return (await Array.fromAsync(storage.exportRecords())).some(({ type }) => type === 'hold')
    },
  },
  {
    id: 'a-flow-with-a-cursor-has-no-names',
    breaks: 'the name is not asked for where a flow and a number are given, too',
    from: 'a query that was written for each filter, and not for each pair of them',
    killedBy: 'decision-audit/each-filter-goes-with-each-cursor',
    wrap: over(({ decisionAudit }) => ({
      decisionAudit: {
        events: ({ event, ...filter }: EventFilter = {}) =>
          decisionAudit.events(
            filter.dfid !== undefined && (filter.afterSeq ?? 0) > 0 ? filter : defined({ ...filter, event }),
          ),
      },
    })),
    async witness({ decisionAudit }) {
      const afterSeq = await decisionAudit.record('w', 'A')
      await decisionAudit.record('w', 'B')
      const filter = { dfid: 'w', event: 'A', afterSeq }
      return (await Array.fromAsync(decisionAudit.events(filter))).length > 0
    },
  },
  {
    id: 'marks-in-the-order-of-their-times',
    breaks: 'marked flows are listed by the time of their mark',
    from: 'ORDER BY created_at, and a clock that was set back',
    killedBy: 'insertion-order/is-not-that-of-times',
    wrap: over((sound) => ({
      saga: {
        async getDirtyFlows() {
          const records = await Array.fromAsync(sound.exportRecords())
          const marks = records.flatMap((record) => (record.type === 'dirtyFlow' ? [record] : []))
          const sorted = marks.toSorted((a, b) => Date.parse(a.createdAt) - Date.parse(b.createdAt))
          return sorted.map(({ dfid }) => dfid)
        },
      },
    })),
    async witness(storage) {
      const mark = (dfid: string, day: number): StorageRecord => {
        const createdAt = `2001-01-0${day}T00:00:00.000000Z`
        return { type: 'dirtyFlow', dfid, failedStep: '', partialStateJson: '1', createdAt }
      }
      await storage.importRecords([
        mark('later', 2),
        mark('earlier', 1),
        { type: 'counters', seq: 0, fence: 0, records: 2 },
      ])
      return (await storage.saga.getDirtyFlows())[0] === 'earlier'
    },
  },
  {
    id: 'a-namespace-takes-its-like-with-it',
    breaks: 'the removal of a namespace removes those whose names begin like its own',
    from: 'keys that were deleted by a pattern',
    killedBy: 'namespaces/are-removed-alone',
    wrap(backend) {
      const names = new Set<string>()
      return {
        ...backend,
        open(namespace, options) {
          names.add(namespace)
          return backend.open(namespace, options)
        },
        async destroy(namespace) {
          for (const name of names)
            if (name.startsWith(namespace)) {
              names.delete(name)
              await backend.destroy(name)
            }
        },
      }
    },
    async witness(storage, _, { namespace, destroy, openIn }) {
      const other = await openIn(`${namespace}_2`)
      await other.context.setSession('w', '1')
      await storage.context.setSession('w', '1')
      await destroy(namespace)
      const again = await openIn(`${namespace}_2`)
      const isGone = (await again.context.getSession('w')) === null
      await destroy(`${namespace}_2`)
      return isGone
    },
  },
]
