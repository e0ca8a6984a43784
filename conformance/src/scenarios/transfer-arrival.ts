/* oxlint-disable unicorn/no-useless-spread -- rows keep the tables short */
import { PROTOCOLS, type StorageRecord } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { exported, fill } from './filled.ts'
import { group, range, whole } from './kit.ts'
import { asked, claim } from './plant.ts'

const at = '2026-03-01T10:00:00.000000Z'
const session = (id: string): StorageRecord => ({ type: 'session', id, dataJson: '1', updatedAt: at })

export const scenarios: readonly Scenario[] = group(
  { level: 'seed', protocols: PROTOCOLS, capabilities: ['export'], needs: 'empty' },
  [
    {
      id: 'transfer/an-unfinished-claim-arrives-as-ambiguous',
      title:
        'a claim that was under way is ambiguous in the copy, since it began, whatever was left of its lease',
      clause: 'unfinished claims arrive as ambiguous',
      level: 'atomic',
      asserts: 6,
      async run({ storage, open, freshNamespace, assert }) {
        await fill(storage)
        const records = await exported(storage)
        const since = records.find((record) => record.type === 'idempotency' && record.key === 'claimed')
        const { idempotency } = await open({ namespace: freshNamespace() }).then(async (copy) => {
          await copy.importRecords(records)
          return copy
        })
        const found = await idempotency.claim('claimed', { leaseSec: 600, requestHash: 'B' })
        assert.ok(found.state === 'ambiguous', 'the claim')
        const { token } = found.state === 'ambiguous' ? found : { token: '' }
        assert.equal(
          found,
          { state: 'ambiguous', since: since?.type === 'idempotency' && since.claimedAt, token },
          'since when',
        )
        assert.equal(
          (await idempotency.claim('claimed', { leaseSec: 1, requestHash: 'C' })).state,
          'mismatch',
          'its hash',
        )
        assert.equal(await idempotency.complete('claimed', token, { n: 3 }), true, 'the token ends it')
        const replay = await idempotency.claim('completed', { leaseSec: 1, requestHash: 'C' })
        assert.equal(replay.state, 'mismatch', 'the hash of a completed claim')
        const ahead = await open({ namespace: freshNamespace() })
        await ahead.importRecords(whole([claim('one', '2200-01-01T00:00:00.000000Z')]))
        const late = await ahead.idempotency.claim('one', { leaseSec: 600 })
        assert.equal(late.state, 'ambiguous', 'one that was made by a clock that is ahead of the copy')
      },
    },
    {
      id: 'transfer/leases-keep-their-end',
      title: 'a leased hold ends in the copy when it would have ended, and one that has ended does not exist',
      clause: 'leases keep their end',
      level: 'atomic',
      capabilities: ['export', 'leases'],
      asserts: 3,
      async run({ storage, assert }) {
        const hold = (dfid: string, expiresAt: string | null): StorageRecord => {
          return { type: 'hold', dfid, resourceId: 'r', amount: 1, acquiredAt: at, expiresAt, fence: 3 }
        }
        const end = '2200-01-01T00:00:00.000000Z'
        await storage.importRecords(
          whole([hold('ended', '2026-03-01T10:00:01.000000Z'), hold('live', end), hold('for good', null)]),
        )
        const holds = await storage.resourceLock.getHolds()
        assert.equal(
          holds.map(({ dfid, expiresAt }) => [dfid, expiresAt]),
          [
            ['for good', null],
            ['live', end],
          ],
          'the holds',
        )
        assert.equal(await storage.resourceLock.getLockedAmount('r', null), 2, 'the locked amount')
        assert.equal(await storage.resourceLock.renew('ended', 600), false, 'renewing one that has ended')
      },
    },
    {
      id: 'transfer/a-request-keeps-its-status',
      title: 'a request that was resolved without a decision arrives as resolved, an open one as open',
      clause: 'importRecords: every record arrives as it was exported',
      asserts: 3,
      async run({ storage, assert }) {
        const resolved = { status: 'RESOLVED', resolvedAt: at, decision: null } as const
        const records = whole([
          asked('open', at),
          { ...asked('undecided', at), ...resolved },
          { ...asked('decided', at), ...resolved, decision: 'x', resolvedBy: 'reviewer' },
        ])
        await storage.importRecords(records)
        const pending = await storage.escalation.getPendingRequests()
        assert.equal(
          pending.map(({ dfid }) => dfid),
          ['open'],
          'the pending ones',
        )
        const stored = await Array.fromAsync(storage.escalation.listRequests())
        assert.equal(
          stored.map(({ status, decision, resolvedAt, resolvedBy }) => [
            status,
            decision,
            resolvedAt,
            resolvedBy,
          ]),
          [
            ['PENDING', null, null, null],
            ['RESOLVED', null, at, null],
            ['RESOLVED', 'x', at, 'reviewer'],
          ],
          'what was decided, by nobody who is named where the record is older than that',
        )
        assert.equal(await exported(storage), records, 'the export')
      },
    },
    {
      id: 'transfer/large-amounts-stay',
      title:
        'amounts of some billions are read, exported and imported to the very micro-unit, again and again',
      clause: 'amounts are kept to six decimal places; importRecords keeps what was exported',
      level: 'atomic',
      asserts: 6,
      async run({ storage, open, freshNamespace, assert }) {
        const amounts = [4_417_943_683.526857, 4_294_967_297.000001, 4_499_999_999.000003]
        for (const [n, amount] of amounts.entries())
          await storage.resourceLock.acquireBatch(`flow ${n}`, { [`r${n}`]: amount }, 0)
        let last = storage
        for (let copies = 0; copies < 3; copies++) {
          const records = await exported(last)
          last = await open({ namespace: freshNamespace() })
          await last.importRecords(records)
          assert.equal(await exported(last), records, `copy ${copies}`)
        }
        for (const [n, amount] of amounts.entries()) {
          const room = { capacities: { [`r${n}`]: amount } }
          const rest = await last.resourceLock.acquire('other', { [`r${n}`]: 0 }, 0, room)
          assert.ok(rest !== null, `nothing was added to ${amount}`)
        }
      },
    },
    {
      id: 'transfer/unfit-records-are-refused-or-left-out',
      title:
        'a record that cannot be held stops the import, or is left out and counted where that is asked for',
      clause: "import rejects at an unfit record with StoredDataError, or with { unfit: 'skip' } counts it",
      asserts: 22,
      async run({ open, freshNamespace, assert }) {
        const request = {
          type: 'request',
          ...{ dfid: 'b', agentId: 'a', reason: '', contextJson: '{}', proposalJson: '{}', impact: '' },
          ...{ createdAt: at, decision: null },
        } as const
        const count = { type: 'retryCount', dfid: 'b', count: 1, updatedAt: at } as const
        const unfit: StorageRecord[] = [
          { ...session('b'), unfit: 'because' },
          { ...count, count: -1 },
          { ...count, dfid: '' },
          { ...count, updatedAt: 'yesterday' },
          { ...count, updatedAt: '2026-03-01T12:00:00+02:00' },
          { ...session('b'), dataJson: '{' } as StorageRecord,
          { ...request, status: 'RESOLVED', resolvedAt: null },
          { ...request, status: 'PENDING', resolvedAt: at },
          { ...request, status: 'PENDING', resolvedAt: null, resolvedBy: 'reviewer' },
          { ...request, status: 'RESOLVED', resolvedAt: at, resolvedBy: '' },
        ]
        for (const [position, record] of unfit.entries()) {
          const target = await open({ namespace: freshNamespace() })
          const records = whole([session('a'), record, session('c')])
          await assert.rejects(
            () => target.importRecords(records),
            'STORAGE_STORED_DATA',
            `unfit record ${position}`,
          )
          const summary = await target.importRecords(records, { unfit: 'skip' })
          assert.equal(summary, { imported: 2, skipped: 1 }, `skipping unfit record ${position}`)
        }
        const target = await open({ namespace: freshNamespace() })
        const unknown = [{ type: 'secret', id: 'a' } as unknown as StorageRecord]
        await assert.rejects(
          () => target.importRecords(unknown, { unfit: 'skip' }),
          'STORAGE_INVALID_ARGUMENT',
          'no record at all',
        )
        await target.importRecords(whole(range(3).map((n) => session(`s${n}`))))
        assert.equal(await target.context.getSession('s2'), '1', 'an import after that')
      },
    },
  ],
)
