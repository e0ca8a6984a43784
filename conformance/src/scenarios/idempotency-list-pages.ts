import { PROTOCOLS, type StorageRecord, type UnfinishedFilter } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { exported } from './filled.ts'
import { LONG, claimed, keysOf, read } from './idempotency-lists.ts'
import { group, range, whole } from './kit.ts'
import { ago, claim } from './plant.ts'

const DAY = 86_400

/** As many as several pages hold. */
const MANY = 1_150

/** Of each record of the protocol, what it is for. */
const workOf = (records: readonly StorageRecord[]): readonly string[] =>
  records
    .map((one) => {
      if (one.type !== 'idempotency') return one.type
      const { key, dfid = '-', stepId = '-' } = one
      return [key, dfid, stepId].join(' ')
    })
    .toSorted()

export const scenarios: readonly Scenario[] = group(
  { level: 'atomic', protocols: ['idempotency'], needs: 'empty' },
  [
    {
      id: 'idempotency/claims-are-listed-by-age',
      title:
        'listClaims tells old claims from young ones, and has those of one moment in the order of their keys',
      clause: 'listClaims({ olderThanSec? }): by since, then key',
      capabilities: ['export'],
      protocols: PROTOCOLS,
      asserts: 8,
      async run({ storage, assert }) {
        const month = ago(30 * DAY)
        const records = [
          claim('young', ago(DAY), { dfid: 'a' }),
          ...['\u{10000}', '\uffff', 'z', 'Z'].map((key) => claim(key, month, { dfid: 'b', stepId: key })),
          claim('old', ago(300 * DAY), { dfid: 'a', stepId: 's' }),
        ]
        await storage.importRecords(whole(records))
        const { idempotency } = storage
        const all = ['old', 'Z', 'z', '\uffff', '\u{10000}', 'young']
        const cases: readonly (readonly [UnfinishedFilter, readonly string[]])[] = [
          [{}, all],
          [{ olderThanSec: 0 }, all],
          [{ olderThanSec: 20 * DAY }, all.slice(0, -1)],
          [{ olderThanSec: 200.5 * DAY }, ['old']],
          [{ olderThanSec: 9_000 * DAY }, []],
          [{ olderThanSec: DAY / 2, dfid: 'a' }, ['old', 'young']],
          [{ olderThanSec: 20 * DAY, dfid: 'a', state: 'ambiguous' }, ['old']],
        ]
        for (const [filter, keys] of cases)
          assert.equal(await keysOf(idempotency, filter), keys, JSON.stringify(filter))
        const fresh = await claimed(idempotency, 'fresh', LONG)
        assert.equal(
          [fresh !== '', await keysOf(idempotency, { olderThanSec: 3_600 })],
          [true, all],
          'a new one',
        )
      },
    },
    {
      id: 'idempotency/what-claims-are-for-is-exported',
      title:
        'an export has the flow and the step of a claim and of its result, and the copy lists the claim with both',
      clause: 'exportRecords, importRecords: dfid and stepId of a claim, and of the result that ended it',
      capabilities: ['export'],
      protocols: PROTOCOLS,
      asserts: 7,
      async run({ storage, open, freshNamespace, assert }) {
        const { idempotency } = storage
        await claimed(idempotency, 'a', { ...LONG, dfid: 'flow', stepId: 'step', requestHash: 'h' })
        await claimed(idempotency, 'b', { ...LONG, dfid: 'flow' })
        await claimed(idempotency, 'c', LONG)
        const done = await claimed(idempotency, 'd', { ...LONG, dfid: 'flow', stepId: 'step' })
        await idempotency.complete('d', done, {})
        const records = await exported(storage)
        const expected = ['a flow step', 'b flow -', 'c - -', 'counters', 'd flow step']
        assert.equal(workOf(records), expected, 'of claims, and of the result of one')
        const copy = await open({ namespace: freshNamespace() })
        await copy.importRecords(records)
        assert.equal(workOf(await exported(copy)), expected, 'in an export of the copy')
        const listed = await read(copy.idempotency)
        assert.equal(
          listed.map(({ key, state, dfid, stepId, requestHash }) => [key, state, dfid, stepId, requestHash]),
          [
            ['a', 'ambiguous', 'flow', 'step', 'h'],
            ['b', 'ambiguous', 'flow', null, undefined],
            ['c', 'ambiguous', null, null, undefined],
          ],
          'the copy',
        )
        assert.equal(
          await copy.idempotency.complete('a', listed[0]?.token ?? '', {}),
          true,
          'the token that is listed ends it',
        )
        const unfit = [
          claim('x', ago(1), { resultJson: '{}' }),
          { ...claim('x', ago(1)), claimedAt: null } as StorageRecord,
          claim('x', ago(1), { stepId: '' }),
        ]
        for (const [position, record] of unfit.entries()) {
          const target = await open({ namespace: freshNamespace() })
          await assert.rejects(
            () => target.importRecords(whole([record])),
            'STORAGE_STORED_DATA',
            `unfit record ${position}`,
          )
        }
      },
    },
    {
      id: 'idempotency/the-list-goes-through-many-pages',
      title:
        'listClaims gives every claim once and in order, however many results there are and however few fit',
      clause: 'listClaims: page by page, up to what is there when it gets there',
      asserts: 5,
      async run({ storage: { idempotency }, open, assert }) {
        const keys = range(MANY).map((n) => `key ${(n * 37) % MANY}`)
        const dfidOf = (n: number) => (n > MANY - 3 ? 'rare' : `flow ${n % 2}`)
        const tokens: string[] = []
        for (let n = 0; n < MANY; n += 230)
          tokens.push(
            ...(await Promise.all(
              keys
                .slice(n, n + 230)
                .map((key, i) => claimed(idempotency, key, { ...LONG, dfid: dfidOf(n + i) })),
            )),
          )
        const all = await read(idempotency)
        assert.equal(all.map(({ key }) => key).toSorted(), keys.toSorted(), 'every one')
        const times = all.map(({ since }) => since)
        assert.equal(times, times.toSorted(), 'the oldest first')
        const rare = keys.slice(-2).toSorted()
        assert.equal((await keysOf(idempotency, { dfid: 'rare' })).toSorted(), rare, 'a few')
        assert.equal(await keysOf(idempotency, { state: 'ambiguous' }), [], 'none of the state')
        const writer = (await open()).idempotency
        const [last, other] = [all.at(-1)?.key ?? '', all.at(-2)?.key ?? '']
        const seen: string[] = []
        for await (const { key } of idempotency.listClaims()) {
          seen.push(key)
          if (seen.length > 1) continue
          await writer.complete(last, tokens[keys.indexOf(last)] ?? '', {})
          await writer.abandon(other, tokens[keys.indexOf(other)] ?? '')
          await writer.claim('late', LONG)
        }
        const expected = [...all.slice(0, -2).map(({ key }) => key), 'late']
        assert.equal(seen, expected, 'two end and one is new ahead of a reader')
      },
    },
  ],
)
