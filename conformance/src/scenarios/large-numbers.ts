import { PROTOCOLS, type StorageHandle } from '@dir/storage-core'
import { fromMicros, toMicros } from '@dir/storage-core/adapter'
import type { Scenario } from '../scenario.ts'
import { exported } from './filled.ts'
import { ALL, group, range } from './kit.ts'
import { event, hold, plant } from './plant.ts'

/** Numbers around those at which one of 32 bits, signed or not, begins again. */
const NUMBERS = [1, 2 ** 31 - 1, 2 ** 31, 2 ** 31 + 1, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, 2 ** 40, 2 ** 52]
const LAST = 2 ** 52

/** Whether these are integers, each above the one before, and the first above what was issued before. */
const isRising = (numbers: readonly number[], before: number): boolean =>
  numbers.every((one, n) => Number.isSafeInteger(one) && one > (numbers[n - 1] ?? before))

/** Amounts that are not kept by 32 bits, nor by fractions of two. */
const AMOUNTS = [
  0.000_001, 0.1, 0.3, 1.000_001, 2_147_483_647.999_999, 2_147_483_648.1, 4_294_967_295.123_457,
  4_294_967_296.000_001, 4_500_000_000.3, 8_500_000_000.000_003,
].map((amount) => fromMicros(toMicros(amount)))

export const scenarios: readonly Scenario[] = group(
  { level: 'atomic', protocols: PROTOCOLS, capabilities: [...ALL, 'leases'], needs: 'empty' },
  [
    {
      id: 'large-numbers/events',
      title: 'the numbers of events go on beyond 2^31 and 2^32, in order, and readers after any of them',
      clause: 'seq is a safe integer and rises',
      asserts: 7 + 2 * NUMBERS.length,
      async run({ storage, open, freshNamespace, assert }) {
        const { decisionAudit } = storage
        await plant(
          storage,
          NUMBERS.map((seq) => event(seq, 'flow')),
        )
        const seqs = async (...filter: Parameters<typeof decisionAudit.events>) =>
          (await Array.fromAsync(decisionAudit.events(...filter))).map(({ seq }) => seq)
        assert.equal(await seqs(), NUMBERS, 'all')
        for (const afterSeq of NUMBERS) {
          const after = NUMBERS.filter((seq) => seq > afterSeq)
          assert.equal(await seqs({ afterSeq }), after, `after ${afterSeq}`)
          assert.equal(await seqs({ dfid: 'flow', afterSeq, limit: 2 }), after.slice(0, 2), 'two of the flow')
        }
        const next = await decisionAudit.record('flow', 'next')
        assert.ok(Number.isSafeInteger(next) && next > LAST, 'the next')
        const counters = (await exported(storage)).at(-1)
        assert.equal(
          counters,
          { type: 'counters', seq: next, fence: 0, records: NUMBERS.length + 1 },
          'the counters',
        )
        const target = await open({ namespace: freshNamespace() })
        const issued = { type: 'counters', seq: 2 ** 31 - 3, fence: 2 ** 31 - 3, records: 0 } as const
        await target.importRecords([issued])
        assert.equal(await exported(target), [issued], 'counters whose records are gone')
        const { decisionAudit: copy } = target
        const written: number[] = []
        for (const n of range(3)) written.push(await copy.record('flow', `${n}`))
        written.push(
          ...(await copy.recordMany([
            { dfid: 'flow', event: '3' },
            { dfid: 'flow', event: '4' },
          ])),
        )
        assert.ok(isRising(written, issued.seq), 'one by one across 2^31')
        const read = await Array.fromAsync(copy.events({ afterSeq: written[0] ?? 0 }))
        const grants = [await target.resourceLock.acquire('f', { r: 1 }, 5)]
        await target.resourceLock.release('f')
        grants.push(await target.resourceLock.acquire('f', { r: 1 }, 5))
        const fences = grants.map((grant) => grant?.fence ?? 0)
        assert.ok(isRising(fences, issued.fence), 'fences')
        assert.equal(
          read.map(({ seq, event: name }) => [seq, name]),
          range(4).map((n) => [written[n + 1], `${n + 1}`]),
          'read in that order',
        )
      },
    },
    {
      id: 'large-numbers/fences',
      title: 'fences go on beyond 2^31 and 2^32, and are compared and sorted as numbers of any size',
      clause: 'a fence is a safe integer; release and renew touch holds whose fence is not newer',
      asserts: 3 + 2 * NUMBERS.length,
      async run({ storage, assert }) {
        const { resourceLock } = storage
        const expiresAt = '2200-01-01T00:00:00.000000Z'
        await plant(
          storage,
          NUMBERS.toReversed().map((fence) => hold('flow', `${fence}`, fence, { expiresAt })),
        )
        const held = async () => (await resourceLock.getHolds({ dfid: 'flow' })).map(({ fence }) => fence)
        assert.equal(await held(), NUMBERS, 'all, by fence')
        for (const fence of NUMBERS) {
          await resourceLock.renew('flow', 1e9, { fence })
          const renewed = (await resourceLock.getHolds()).filter((one) => one.expiresAt !== expiresAt)
          assert.equal(
            renewed.map((one) => one.fence),
            [fence],
            `renewed up to ${fence}`,
          )
          await resourceLock.release('flow', { fence })
          assert.equal(
            await held(),
            NUMBERS.filter((one) => one > fence),
            `released up to ${fence}`,
          )
        }
        const grant = await resourceLock.acquire('flow', { r: 1 }, 5)
        assert.ok(isRising([grant?.fence ?? 0], LAST), 'the next')
        assert.equal(await held(), [grant?.fence], 'the hold of the next')
      },
    },
    {
      id: 'large-numbers/amounts',
      title: 'amounts up to the largest are kept to the millionth, however often they are read and copied',
      clause: 'amounts are kept to six decimal places, up to 9 007 199 254',
      asserts: 4 + 2 * AMOUNTS.length,
      async run({ storage, open, freshNamespace, assert }) {
        const { resourceLock } = storage
        for (const [n, amount] of AMOUNTS.entries()) {
          await resourceLock.acquireBatch(`flow ${n}`, { [`r ${n}`]: amount }, 5)
          const full = { capacities: { [`r ${n}`]: fromMicros(toMicros(amount) + 1) } }
          const more = (micros: number) =>
            resourceLock.acquireBatch('other', { [`r ${n}`]: fromMicros(micros) }, 5, full)
          await assert.rejects(
            () => more(2),
            'STORAGE_INSUFFICIENT_CAPACITY',
            `${amount} and two millionths`,
            {
              locked: amount,
            },
          )
          assert.equal(await more(1), true, `${amount} and a millionth`)
        }
        await resourceLock.release('other')
        const amounts = async ({ resourceLock: locks }: StorageHandle) =>
          (await locks.getHolds()).map(({ amount }) => amount)
        assert.equal(await amounts(storage), AMOUNTS, 'the holds')
        const sums = AMOUNTS.map((_, n) => resourceLock.getLockedAmount(`r ${n}`, null))
        assert.equal(await Promise.all(sums), AMOUNTS, 'the sums')
        const copy = await open({ namespace: freshNamespace() })
        await copy.importRecords(await exported(storage))
        const again = await open({ namespace: freshNamespace() })
        await again.importRecords(await exported(copy))
        assert.equal(await amounts(again), AMOUNTS, 'the copy of a copy')
        assert.equal(await exported(again), await exported(storage), 'its export')
      },
    },
  ],
)
