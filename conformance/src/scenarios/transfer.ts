/* oxlint-disable unicorn/no-useless-spread -- rows keep the tables short */
import { PROTOCOLS } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { exported, fill } from './filled.ts'
import { group, range, whole } from './kit.ts'

export const scenarios: readonly Scenario[] = group(
  { level: 'seed', protocols: PROTOCOLS, capabilities: ['export'], needs: 'empty' },
  [
    {
      id: 'transfer/an-empty-store-exports-its-counters',
      title: 'the export of an empty store is one record of its counters, and may be imported',
      clause: 'exportRecords: the highest seq and fence ever issued are a record of their own',
      asserts: 3,
      async run({ storage, open, freshNamespace, assert }) {
        const records = await exported(storage)
        assert.equal(records, [{ type: 'counters', seq: 0, fence: 0, records: 0 }], 'the export')
        const copy = await open({ namespace: freshNamespace() })
        assert.equal(await copy.importRecords(records), { imported: 0, skipped: 0 }, 'the import')
        assert.equal(await exported(copy), records, 'the export of the copy')
      },
    },
    {
      id: 'transfer/a-copy-is-exact',
      title:
        'what is exported, written as JSON lines, read and imported elsewhere gives the same export again',
      clause: 'importRecords: seq, fences and times are kept; on disk JSON lines',
      level: 'atomic',
      asserts: 7,
      async run({ storage, open, freshNamespace, assert }) {
        await fill(storage)
        const records = await exported(storage)
        const lines = records.map((record) => JSON.stringify(record))
        const copy = await open({ namespace: freshNamespace() })
        const summary = await copy.importRecords(
          lines.map((line) => JSON.parse(line) as (typeof records)[number]),
        )
        assert.equal(summary, { imported: records.length - 1, skipped: 0 }, 'the import')
        assert.equal(await exported(copy), records, 'the export of the copy')
        assert.equal(await copy.saga.getDirtyFlows(), ['a', 'b', 'c'], 'the order of the marks')
        assert.equal(
          await copy.escalation.getPendingRequests(),
          await storage.escalation.getPendingRequests(),
          'requests',
        )
        assert.equal(
          await copy.lifecycle.getTransitions(),
          await storage.lifecycle.getTransitions(),
          'transitions',
        )
        assert.equal(
          await copy.decisionAudit.allEventsChronological(),
          await storage.decisionAudit.allEventsChronological(),
          'events',
        )
        assert.equal(await copy.resourceLock.getLockedAmount('a', null), 9_007_199, 'the locked amount')
      },
    },
    {
      id: 'transfer/a-copy-goes-on-where-the-original-stopped',
      title: 'numbers, fences, and orders of a copy go on after the highest that were ever issued',
      clause: 'the next seq and fence follow the highest ever issued, which is a record of its own',
      level: 'atomic',
      asserts: 6,
      async run({ storage, open, freshNamespace, assert }) {
        await fill(storage)
        const records = await exported(storage)
        const counters = records.at(-1)
        const copy = await open({ namespace: freshNamespace() })
        await copy.importRecords(records)
        assert.ok(counters?.type === 'counters', 'the counters')
        const { seq, fence } = counters?.type === 'counters' ? counters : { seq: 0, fence: 0 }
        assert.ok((await copy.decisionAudit.record('flow 1', 'next')) > seq, 'the next event')
        await copy.resourceLock.acquireBatch('new', { new: 1 }, 0)
        const after = (await exported(copy)).findLast(
          (record) => record.type === 'hold' && record.dfid === 'new',
        )
        assert.ok(after?.type === 'hold' && after.fence > fence, 'the next fence')
        await copy.saga.markDirty('a', 'step', '{}')
        assert.equal(await copy.saga.getDirtyFlows(), ['b', 'c', 'a'], 'the next mark')
        await copy.lifecycle.recordTransition('a', null, 'next')
        assert.equal((await copy.lifecycle.getTransitions()).at(-1)?.toStatus, 'next', 'the next transition')
        const copied = await open({ namespace: freshNamespace() })
        await copied.importRecords(whole([], { seq: 5_000, fence: 7_000 }))
        const numbers = [await copied.decisionAudit.record('flow', 'first'), (await exported(copied)).at(-1)]
        assert.equal(
          numbers,
          [5_001, { type: 'counters', seq: 5_001, fence: 7_000, records: 1 }],
          'counters without records',
        )
      },
    },
    {
      id: 'transfer/gaps-between-numbers-stay',
      title: 'events and holds whose numbers have gaps between them keep those numbers',
      clause: 'importRecords: seq, fences and times are kept',
      level: 'atomic',
      asserts: 2,
      async run({ storage, assert }) {
        const time = '2026-03-01T10:00:00.000000Z'
        const event = { dfid: 'flow', event: 'E', timestamp: time, stepId: '', state: '', detailsJson: '{}' }
        const hold = { resourceId: 'r', amount: 1, acquiredAt: time, expiresAt: null }
        const numbers = [3, 7, 20]
        const records = [
          ...numbers.map((seq) => ({ type: 'event', seq, ...event }) as const),
          ...numbers.map((fence) => ({ type: 'hold', dfid: `flow ${fence}`, fence, ...hold }) as const),
        ]
        await storage.importRecords(whole(records))
        const events = await storage.decisionAudit.allEventsChronological()
        assert.equal(
          events.map(({ seq }) => seq),
          numbers,
          'the numbers of the events',
        )
        const holds = await storage.resourceLock.getHolds()
        assert.equal(
          holds.map(({ fence }) => fence),
          numbers,
          'the fences',
        )
      },
    },
    {
      id: 'transfer/goes-through-many-pages',
      title: 'an export of any size holds every record once and in order, and so does its import',
      clause: 'exportRecords() → async iterable; importRecords(records)',
      asserts: 4,
      async run({ storage, open, freshNamespace, assert }) {
        const flows = range(1_120).map((n) => `flow ${(n * 37) % 1_120}`)
        for (let n = 0; n < flows.length; n += 280) {
          const part = flows.slice(n, n + 280)
          await Promise.all(
            part.flatMap((dfid) => [
              storage.decisionAudit.record(dfid, 'E'),
              storage.saga.markDirty(dfid, 'step', '{}'),
              storage.intentRetry.setCount(dfid, 1),
            ]),
          )
        }
        const records = await exported(storage)
        const of = (type: string) =>
          records.filter((record) => record.type === type).map((record) => (record as { dfid?: string }).dfid)
        assert.equal(of('event'), flows, 'the events')
        assert.equal(of('dirtyFlow'), flows, 'the marks')
        const counted = of('retryCount')
        assert.equal([counted.length, new Set(counted).size], [1_120, 1_120], 'the counts')
        const copy = await open({ namespace: freshNamespace() })
        await copy.importRecords(storage.exportRecords())
        assert.equal(await exported(copy), records, 'the export of the copy')
      },
    },
    {
      id: 'transfer/the-audit-part-is-a-prefix',
      title: 'an export taken while others write holds the audit log from its start without a gap',
      clause: 'else each record existed at some moment of the export and the audit part is a prefix',
      asserts: 6,
      async run({ storage, open, assert }) {
        const writer = await open()
        await Promise.all(range(700).map((n) => writer.decisionAudit.record('flow', `E${n}`)))
        for (const round of range(3)) {
          const writing = Promise.all(
            range(60).map((n) => writer.decisionAudit.record('flow', `${round} ${n}`)),
          )
          const events = (await exported(storage)).filter((record) => record.type === 'event')
          await writing
          const all = await storage.decisionAudit.allEventsChronological()
          assert.equal(
            events.map(({ seq }) => seq),
            all.slice(0, events.length).map(({ seq }) => seq),
            'what was exported',
          )
          assert.ok(events.length >= 700 + round * 60, 'at least what was there before')
        }
      },
    },
  ],
)
