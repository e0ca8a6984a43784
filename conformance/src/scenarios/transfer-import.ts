/* oxlint-disable unicorn/no-useless-spread -- rows keep the tables short */
import { PROTOCOLS, type StorageRecord } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { exported, fill } from './filled.ts'
import { group, whole } from './kit.ts'
import { anAgent } from './samples.ts'

const at = '2026-03-01T10:00:00.000000Z'
const session = (id: string): StorageRecord => ({ type: 'session', id, dataJson: '1', updatedAt: at })

/** Gives `records` one by one, and fails after `count`. */
async function* interrupted(records: readonly StorageRecord[], count: number): AsyncGenerator<StorageRecord> {
  for (const record of records.slice(0, count)) yield record
  throw new RangeError('interrupted')
}

export const scenarios: readonly Scenario[] = group(
  { level: 'seed', protocols: PROTOCOLS, capabilities: ['export'], needs: 'empty' },
  [
    {
      id: 'transfer/import-needs-an-empty-store',
      title: 'an import into a store that holds anything is refused and changes nothing, and work goes on',
      clause: 'import goes into an empty namespace only (else ConflictError)',
      asserts: 19,
      async run({ open, freshNamespace, assert }) {
        const fillings: [string, (storage: Awaited<ReturnType<typeof open>>) => Promise<unknown>][] = [
          ['an agent', (s) => s.agentRegistry.upsertAgent(anAgent('a'))],
          ['a result', (s) => s.idempotency.set('a', {})],
          ['an event', (s) => s.decisionAudit.record('a', 'E')],
          ['a mark', (s) => s.saga.markDirty('a', 'step', '{}')],
          ['a hold', (s) => s.resourceLock.acquireBatch('a', { a: 1 }, 0)],
          ['a token', (s) => s.escalation.recordBudgetToken('a')],
        ]
        for (const [what, write] of fillings) {
          const target = await open({ namespace: freshNamespace() })
          await write(target)
          const before = await exported(target)
          const records = whole([session('b'), ...before.slice(0, -1)])
          await assert.rejects(() => target.importRecords(records), 'STORAGE_CONFLICT', what, {
            ...{ operation: 'importRecords', outcome: 'not-applied' },
          })
          assert.equal(await exported(target), before, `what is there beside ${what}`)
          await target.context.setSession('after', '1')
          assert.equal(await target.context.getSession('after'), '1', 'a write after the refusal')
        }
        const fresh = await open({ namespace: freshNamespace() })
        await assert.rejects(
          () => fresh.importRecords(whole([]), { unfit: 'ignore' as 'skip' }),
          'STORAGE_INVALID_ARGUMENT',
          'a mistyped option',
        )
      },
    },
    {
      id: 'transfer/an-interrupted-import-is-finished-or-nothing',
      title:
        'until an interrupted import is run again to its end, nobody else writes; then the copy is exact',
      clause:
        'run again after an interruption with the same data it completes; until then others get ConflictError',
      level: 'atomic',
      asserts: 12,
      async run({ storage, open, freshNamespace, assert }) {
        await fill(storage)
        const records = await exported(storage)
        const namespace = freshNamespace()
        const copy = await open({ namespace })
        const untouched = await open({ namespace: freshNamespace() })
        const early: unknown = await untouched
          .importRecords(interrupted(records, 0))
          .catch((error: unknown) => error)
        assert.ok(early instanceof RangeError, 'a source that fails before its first record: the very error')
        await untouched.context.setSession('x', '1')
        assert.equal(await untouched.context.getSession('x'), '1', 'a write after an import that never began')
        for (const count of [1, 9, records.length - 1]) {
          const failure: unknown = await copy
            .importRecords(interrupted(records, count))
            .catch((error: unknown) => error)
          assert.ok(failure instanceof RangeError, `interrupted after ${count}: the very error`)
          await assert.rejects(
            () => copy.context.setSession('x', '1'),
            'STORAGE_CONFLICT',
            'a write on that handle',
          )
        }
        const other = await open({ namespace })
        await assert.rejects(() => other.init(), 'STORAGE_CONFLICT', 'init of another handle', {
          outcome: 'not-applied',
        })
        await copy.importRecords(records)
        assert.equal(await exported(copy), records, 'the export of the copy, once it is complete')
        assert.equal(await exported(other), records, 'seen by the other handle')
        await other.context.setSession('x', '1')
        assert.equal(await copy.context.getSession('x'), '1', 'writes are taken again')
      },
    },
    {
      id: 'transfer/another-handle-finishes-an-import',
      title: 'an interrupted import may be run again on another handle',
      clause: 'run again after an interruption with the same data it completes',
      level: 'atomic',
      asserts: 3,
      async run({ storage, open, freshNamespace, assert }) {
        await fill(storage)
        const records = await exported(storage)
        const namespace = freshNamespace()
        const first = await open({ namespace })
        const failure: unknown = await first
          .importRecords(interrupted(records, 12))
          .catch((error: unknown) => error)
        assert.ok(failure instanceof RangeError, 'interrupted')
        await first.close()
        const second = await open({ namespace })
        assert.equal(
          await second.importRecords(records),
          { imported: records.length - 1, skipped: 0 },
          'the import',
        )
        assert.equal(await exported(second), records, 'the export of the copy')
      },
    },
    {
      id: 'transfer/a-wrong-argument-leaves-the-store-as-it-was',
      title: 'an import of what are no records is refused before the store is touched, and work goes on',
      clause: 'wrong arguments are refused before any I/O',
      asserts: 10,
      async run({ storage, assert }) {
        const wrong: readonly [string, unknown][] = [
          ['nothing', undefined],
          ['a number', 5],
          ['null as a record', [null]],
          ['a record of no type', [{}]],
          ['a type that is no type', [{ type: 'constructor' }]],
        ]
        for (const [what, records] of wrong) {
          await assert.rejects(
            () => storage.importRecords(records as never),
            'STORAGE_INVALID_ARGUMENT',
            what,
            {
              argument: 'records',
            },
          )
          const write = await storage.context.setSession('a', '1').then(
            () => 'taken',
            (error: { code?: unknown }) => error.code,
          )
          assert.equal(write, 'taken', `a write after ${what}`)
        }
      },
    },
    {
      id: 'transfer/an-import-sees-what-was-issued-before-it',
      title:
        'a write issued before an import is in the store that the import then finds filled; two imports at once are one too many',
      clause: 'import goes into an empty namespace only; writes take effect in the order of issue',
      asserts: 4,
      async run({ open, freshNamespace, assert }) {
        const filled = await open({ namespace: freshNamespace() })
        await filled.init()
        const write = filled.context.setSession('mine', '1')
        await assert.rejects(
          () => filled.importRecords(whole([session('b')])),
          'STORAGE_CONFLICT',
          'the import',
          {},
        )
        await write
        assert.equal(await filled.context.getSession('b'), null, 'nothing was imported')
        const empty = await open({ namespace: freshNamespace() })
        const first = empty.importRecords(whole([session('b')]))
        await assert.rejects(
          () => empty.importRecords(whole([session('b')])),
          'STORAGE_CONFLICT',
          'a second import',
          {},
        )
        assert.equal(await first, { imported: 1, skipped: 0 }, 'the first import')
      },
    },
  ],
)
