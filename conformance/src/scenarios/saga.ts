import type { Scenario } from '../scenario.ts'
import { group, range } from './kit.ts'

const marked = (failedStep: string, json: string) => {
  return { failedStep, partialState: JSON.parse(json) as unknown, partialStateJson: json }
}

export const scenarios: readonly Scenario[] = group({ level: 'seed', protocols: ['saga'] }, [
  {
    id: 'saga/dirty-flows-are-in-the-order-of-the-latest-mark',
    title:
      'getDirtyFlows gives the oldest mark first, and a marked flow that is marked again moves to the end',
    clause: 'getDirtyFlows: in the order of the latest mark, oldest first',
    needs: 'empty',
    asserts: 5,
    async run({ storage: { saga }, assert }) {
      assert.equal(await saga.getDirtyFlows(), [], 'an empty store')
      for (const dfid of ['c', 'a', 'b', 'd']) await saga.markDirty(dfid, 'step', '{}')
      assert.equal(
        await saga.getDirtyFlows(),
        ['c', 'a', 'b', 'd'],
        'in the order of the marks, not of the ids',
      )
      await saga.markDirty('a', 'step', '{}')
      assert.equal(await saga.getDirtyFlows(), ['c', 'b', 'd', 'a'], 'a was marked again')
      await saga.clearDirty('b')
      assert.equal(await saga.getDirtyFlows(), ['c', 'd', 'a'], 'b was cleared')
      await saga.markDirty('b', 'step', '{}')
      await saga.markDirty('c', 'step', '{}')
      assert.equal(await saga.getDirtyFlows(), ['d', 'a', 'b', 'c'], 'a cleared flow comes back at the end')
    },
  },
  {
    id: 'saga/marks-of-one-moment-keep-their-order',
    title: 'marks that were issued at once stand in the order of their calls',
    clause: 'every list has a defined order, ties included',
    needs: 'empty',
    asserts: 2,
    async run({ storage: { saga }, assert }) {
      const flows = range(60).map((n) => `flow ${(n * 37) % 60}`)
      await Promise.all(flows.map((dfid) => saga.markDirty(dfid, 'step', '{}')))
      assert.equal(await saga.getDirtyFlows(), flows, 'sixty marks')
      const again = flows.filter((_, n) => n % 7 === 0)
      await Promise.all(again.map((dfid) => saga.markDirty(dfid, 'step', '{}')))
      const others = flows.filter((_, n) => n % 7 !== 0)
      assert.equal(await saga.getDirtyFlows(), [...others, ...again], 'some of them marked again')
    },
  },
  {
    id: 'saga/clearing-ends-one-mark',
    title: 'clearDirty ends the mark of that flow alone, and ignores a flow without one',
    clause: 'clearDirty removes the mark; an unmarked flow is ignored',
    asserts: 4,
    async run({ storage: { saga }, id, assert }) {
      const [mine, other] = [id('mine'), id('other')]
      await saga.clearDirty(mine)
      await saga.markDirty(mine, '', '{"done": [1]}')
      await saga.markDirty(other, 'step', 'null')
      assert.equal(await saga.getDirtyState(mine), marked('', '{"done": [1]}'), 'mine')
      await saga.clearDirty(mine)
      await saga.clearDirty(mine)
      assert.equal(await saga.getDirtyState(mine), null, 'mine, cleared')
      assert.equal(await saga.getDirtyState(other), marked('step', 'null'), 'the other')
      await saga.markDirty(mine, 'later', '[]')
      assert.equal(await saga.getDirtyState(mine), marked('later', '[]'), 'mine, marked anew')
    },
  },
])
