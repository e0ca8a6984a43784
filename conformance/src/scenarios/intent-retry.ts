import type { Scenario } from '../scenario.ts'
import { group } from './kit.ts'

const MOST = 2_147_483_647

export const scenarios: readonly Scenario[] = [
  ...group({ level: 'seed', protocols: ['intentRetry'] }, [
    {
      id: 'intent-retry/delete-forgets-one-count',
      title: 'delete forgets the count of that flow alone, and ignores a flow without one',
      clause: 'delete: forgets the count; getCount: 0 if unseen',
      asserts: 3,
      async run({ storage: { intentRetry }, id, assert }) {
        const [mine, other] = [id('mine'), id('other')]
        await intentRetry.delete(mine)
        await intentRetry.setCount(mine, 3)
        await intentRetry.setCount(other, 4)
        await intentRetry.delete(mine)
        assert.equal(await intentRetry.getCount(mine), 0, 'mine')
        assert.equal(await intentRetry.getCount(other), 4, 'the other')
        await intentRetry.setCount(mine, 1)
        assert.equal(await intentRetry.getCount(mine), 1, 'mine, counted anew')
      },
    },
    {
      id: 'intent-retry/counts-are-exact',
      title: 'a count may be anything from 0 to the largest int32, and may go down',
      clause: 'setCount: an integer in the int32 range, from 0',
      asserts: 1,
      async run({ storage: { intentRetry }, id, assert }) {
        const dfid = id('flow')
        const seen: number[] = []
        for (const count of [MOST, 7, 0, -0, MOST - 1]) {
          await intentRetry.setCount(dfid, count)
          seen.push(await intentRetry.getCount(dfid))
        }
        assert.equal(seen, [MOST, 7, 0, 0, MOST - 1], 'the counts')
      },
    },
  ]),
  ...group({ level: 'atomic', protocols: ['intentRetry'] }, [
    {
      id: 'intent-retry/increment-adds-one',
      title: 'increment adds one to what is there and answers with the new count',
      clause: 'increment → the new count',
      asserts: 5,
      async run({ storage: { intentRetry }, id, assert }) {
        const [dfid, other] = [id('flow'), id('other')]
        assert.equal(await intentRetry.increment(dfid), 1, 'an unseen flow')
        assert.equal(await intentRetry.increment(dfid), 2, 'once more')
        await intentRetry.setCount(dfid, 10)
        await intentRetry.increment(other)
        const answers = await Promise.all([1, 2, 3].map(() => intentRetry.increment(dfid)))
        assert.equal(answers, [11, 12, 13], 'three at once, after setCount')
        assert.equal(await intentRetry.getCount(dfid), 13, 'the count')
        await intentRetry.delete(dfid)
        assert.equal(await intentRetry.increment(dfid), 1, 'after delete')
      },
    },
    {
      id: 'intent-retry/increment-stops-at-the-largest-int32',
      title: 'increment beyond the largest int32 is refused and changes nothing',
      clause: 'increment: past int32 InvalidArgumentError, nothing changes',
      asserts: 4,
      async run({ storage: { intentRetry }, id, assert }) {
        const dfid = id('flow')
        await intentRetry.setCount(dfid, MOST - 1)
        assert.equal(await intentRetry.increment(dfid), MOST, 'the last that fits')
        for (const what of ['one too many', 'another one'])
          await assert.rejects(() => intentRetry.increment(dfid), 'STORAGE_INVALID_ARGUMENT', what, {
            protocol: 'intentRetry',
            operation: 'increment',
            outcome: 'not-applied',
          })
        assert.equal(await intentRetry.getCount(dfid), MOST, 'the count')
      },
    },
  ]),
]
