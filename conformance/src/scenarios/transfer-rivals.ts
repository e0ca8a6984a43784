import { PROTOCOLS, type StorageRecord } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { exported } from './filled.ts'
import { group, range, whole } from './kit.ts'

const at = '2026-03-01T10:00:00.000000Z'

/** More than an import writes at a time, of a kind that nothing but its number tells apart. */
const transitions = (count: number): StorageRecord[] =>
  range(count).map((n) => ({
    type: 'transition',
    dfid: 'flow',
    fromStatus: n === 0 ? null : `S${n - 1}`,
    toStatus: `S${n}`,
    createdAt: at,
  }))

export const scenarios: readonly Scenario[] = group(
  { level: 'atomic', protocols: PROTOCOLS, capabilities: ['export'], needs: 'empty' },
  [
    {
      id: 'transfer/an-import-that-was-taken-over-writes-nothing-more',
      title:
        'of two imports into one store by two handles the later one takes over, and the earlier one is refused',
      clause: 'import goes into an empty namespace only; an interrupted one may be run again',
      asserts: 4,
      async run({ open, freshNamespace, assert }) {
        const namespace = freshNamespace()
        const [early, late] = [await open({ namespace }), await open({ namespace })]
        const records = whole(transitions(1_300))
        const written = Promise.withResolvers<void>()
        const goOn = Promise.withResolvers<void>()
        async function* slowly(): AsyncGenerator<StorageRecord> {
          yield* records.slice(0, 700)
          written.resolve() // asked for one more, so a page of those is in the store
          await goOn.promise
          yield* records.slice(700)
        }
        const first = early.importRecords(slowly())
        first.catch(() => {}) // looked at below
        await written.promise
        assert.equal(await late.importRecords(records), { imported: 1_300, skipped: 0 }, 'the later import')
        goOn.resolve()
        await assert.rejects(() => first, 'STORAGE_CONFLICT', 'the earlier import', {})
        const reader = await open({ namespace })
        const found = (await exported(reader)).filter(({ type }) => type === 'transition')
        assert.equal(found, records.slice(0, -1), 'what is there is the later import’s, once')
        await reader.context.setSession('a', '1')
        assert.equal(await reader.context.getSession('a'), '1', 'a write afterwards')
      },
    },
    {
      id: 'transfer/an-import-that-was-taken-over-cannot-end',
      title: 'the end of an import that another took over is refused, whether that one has ended or goes on',
      clause: 'only the import whose records are there ends; the other is told ConflictError',
      asserts: 9,
      async run({ open, freshNamespace, assert }) {
        for (const what of ['that has ended', 'that goes on']) {
          const namespace = freshNamespace()
          const [early, late] = [await open({ namespace }), await open({ namespace })]
          const records = whole(transitions(600))
          const [given, taken] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
          const [over, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
          async function* first(): AsyncGenerator<StorageRecord> {
            yield* records
            given.resolve() // asked whether there is more, so all that there is has been written
            await taken.promise
          }
          async function* second(): AsyncGenerator<StorageRecord> {
            yield* records.slice(0, 550)
            over.resolve() // a page of those is in the store
            await end.promise
            yield* records.slice(550)
          }
          const earlier = early.importRecords(first())
          earlier.catch(() => {}) // looked at below
          await given.promise
          const later = late.importRecords(second())
          later.catch(() => {}) // looked at below
          await Promise.race([over.promise, later])
          if (what === 'that has ended') end.resolve()
          if (what === 'that has ended') await later
          taken.resolve()
          await assert.rejects(() => earlier, 'STORAGE_CONFLICT', `the end after one ${what}`, {})
          if (what === 'that goes on') {
            const write = () => late.context.setSession('a', '1')
            await assert.rejects(write, 'STORAGE_CONFLICT', 'a write before the later import has ended')
          }
          end.resolve()
          assert.equal(await later, { imported: 600, skipped: 0 }, `the later import, one ${what}`)
          const reader = await open({ namespace })
          const found = (await exported(reader)).filter(({ type }) => type === 'transition')
          assert.equal(found, records.slice(0, -1), `what is there is the later import’s, one ${what}`)
          await reader.context.setSession('a', '1')
          assert.equal(await reader.context.getSession('a'), '1', 'a write afterwards')
        }
      },
    },
  ],
)
