/* oxlint-disable unicorn/no-useless-spread -- rows keep the tables short */
import { type Hold, PROTOCOLS, type ResourceLockStorage } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { exported } from './filled.ts'
import { ALL, group, range, until } from './kit.ts'
import { hold, plant, timeAt } from './plant.ts'

const REFUSED = 'STORAGE_INSUFFICIENT_CAPACITY'
const FULL = { capacities: { r: 100 } }

type Look = (locks: ResourceLockStorage, mine: string, other: string, resource: string) => Promise<unknown>

const flows = async (holds: Promise<readonly Hold[]>): Promise<string[]> =>
  (await holds).map(({ dfid }) => dfid.split(' ')[0] ?? '')

const locked = (call: Promise<unknown>): Promise<unknown> =>
  call.catch((error: { code?: string; locked?: number }) => {
    if (error.code !== REFUSED) throw error
    return `${error.locked} is locked`
  })

/** Of a resource of which 100 are to be had, a hold of 60 that is over and one of 40 that is not. */
const LOOKS: readonly (readonly [words: string, look: Look, expected: unknown])[] = [
  ['by flow and resource', (s, dfid, _, resourceId) => flows(s.getHolds({ dfid, resourceId })), []],
  ['by flow', (s, dfid) => flows(s.getHolds({ dfid })), []],
  ['by resource', (s, _, __, resourceId) => flows(s.getHolds({ resourceId })), ['other']],
  ['the locked amount', (s, _, __, r) => s.getLockedAmount(r, null), 40],
  ['without the flow whose hold is over', (s, mine, _, r) => s.getLockedAmount(r, mine), 40],
  ['without the other', (s, _, other, r) => s.getLockedAmount(r, other), 0],
  [
    'more for the same flow than is left',
    (s, mine, _, r) => locked(s.acquireBatch(mine, { [r]: 60.000_001 }, 5, { capacities: { [r]: 100 } })),
    '40 is locked',
  ],
  [
    'more for a third flow than is left',
    (s, mine, _, r) => locked(s.acquireBatch(`${mine}.`, { [r]: 61 }, 5, { capacities: { [r]: 100 } })),
    '40 is locked',
  ],
  [
    'what is left',
    async (s, mine, _, r) => [
      await s.acquireBatch(`${mine}.`, { [r]: 60 }, 5, { capacities: { [r]: 100 } }),
      await s.getLockedAmount(r, null),
    ],
    [true, 100],
  ],
  [
    'acquired again, and without a capacity',
    async (s, mine, _, r) => [
      await s.acquireBatch(mine, { [r]: 1 }, 5),
      await flows(s.getHolds({ resourceId: r })),
      await s.getLockedAmount(r, null),
    ],
    [true, ['other', 'mine'], 41],
  ],
  [
    'renewed',
    async (s, mine) => [await s.renew(mine, 600), await flows(s.getHolds({ dfid: mine }))],
    [false, []],
  ],
  [
    'renewed up to a fence',
    async (s, mine, _, r) => [await s.renew(mine, 600, { fence: 1e6 }), await s.getLockedAmount(r, null)],
    [false, 40],
  ],
  [
    'released',
    async (s, mine, _, r) => [await s.release(mine), await s.getLockedAmount(r, null)],
    [undefined, 40],
  ],
  [
    'released up to a fence',
    async (s, mine, _, r) => [
      await s.release(mine, { fence: 1e6 }),
      await flows(s.getHolds({ resourceId: r })),
    ],
    [undefined, ['other']],
  ],
]

const RECORDS = LOOKS.flatMap((_, n) => [
  hold(`mine ${n}`, `r ${n}`, 2 * n + 1, { expiresAt: timeAt(60), amount: 60 }),
  hold(`other ${n}`, `r ${n}`, 2 * n + 2, { amount: 40 }),
])

export const scenarios: readonly Scenario[] = group(
  { level: 'atomic', protocols: PROTOCOLS, capabilities: [...ALL, 'leases'], needs: 'empty' },
  [
    {
      id: 'expired-holds/are-nowhere',
      title: 'holds whose lease is over are in no list, sum, check or export, the own flow’s included',
      clause: 'expired holds do not exist for any method',
      asserts: 4 + LOOKS.length,
      async run({ storage, open, freshNamespace, assert }) {
        const looked = await open({ namespace: freshNamespace() })
        await plant(looked, RECORDS)
        // each of these meets holds that no other one has met before: who meets an expired one may remove it
        for (const [n, [words, look, expected]] of LOOKS.entries())
          assert.equal(await look(looked.resourceLock, `mine ${n}`, `other ${n}`, `r ${n}`), expected, words)
        const listed = await open({ namespace: freshNamespace() })
        await plant(listed, RECORDS)
        const others = LOOKS.map((_, n) => `other ${n}`)
        const all = (await listed.resourceLock.getHolds()).map(({ dfid }) => dfid)
        assert.equal(all, others, 'all holds')
        await plant(storage, RECORDS)
        const holds = (await exported(storage)).flatMap((one) => (one.type === 'hold' ? [one.dfid] : []))
        assert.equal(holds.toSorted(), others.toSorted(), 'the export of a store that nobody looked at')
        const copy = await open({ namespace: freshNamespace() })
        await copy.importRecords(await exported(storage))
        assert.equal(await copy.resourceLock.getLockedAmount('r 0', null), 40, 'the copy')
        const record = (await exported(storage)).at(-1)
        assert.equal(
          record?.type === 'counters' && record.records,
          LOOKS.length,
          'how many records there are',
        )
      },
    },
    {
      id: 'expired-holds/end-no-export',
      title: 'an export of many holds has all that have not expired, wherever between them others have',
      clause: 'exportRecords: every record; expired holds do not exist for any method',
      asserts: 1,
      async run({ storage, assert }) {
        const isOver = (n: number): boolean => n % 300 === 7 || (n > 600 && n < 1_200)
        const holds = range(1_300).map((n) =>
          hold(`flow ${n}`, 'r', n + 1, isOver(n) ? { expiresAt: timeAt(60) } : {}),
        )
        await plant(storage, holds)
        const seen = (await exported(storage)).filter(({ type }) => type === 'hold')
        const fences = seen.map((one) => ('fence' in one ? one.fence : 0)).toSorted((a, b) => a - b)
        const live = holds.filter((_, n) => !isOver(n)).map(({ fence }) => fence)
        assert.equal(fences, live, 'the fences of the holds')
      },
    },
    {
      id: 'expired-holds/of-the-own-flow',
      title: 'a flow whose own lease has just run out is checked against what the others hold',
      clause: 'locked is the sum of the live holds of other flows',
      asserts: 4,
      async run({ storage: { resourceLock }, assert }) {
        await resourceLock.acquireBatch('other', { r: 40 }, 5)
        await resourceLock.acquireBatch('mine', { r: 60, s: 1 }, 5, { leaseSec: 0.05 })
        await until(
          () => resourceLock.getLockedAmount('s', null),
          (amount) => amount === 0,
        )
        await assert.rejects(
          () => resourceLock.acquireBatch('mine', { r: 61 }, 5, FULL),
          REFUSED,
          'a millionth more',
          { locked: 40, requested: 61 },
        )
        assert.equal(await resourceLock.getLockedAmount('r', 'mine'), 40, 'the locked amount')
        assert.equal(await resourceLock.acquireBatch('mine', { r: 60 }, 5, FULL), true, 'what is left')
        assert.equal(await resourceLock.getLockedAmount('r', null), 100, 'the total')
      },
    },
  ],
)
