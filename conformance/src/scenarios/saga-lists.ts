import { type DirtyFlowFilter, PROTOCOLS, type SagaStorage } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { TIME, group, range, whole, without } from './kit.ts'
import { growsOld } from './grows-old.ts'
import { ago, mark } from './plant.ts'

const DAY = 86_400

/** As many as several pages hold. */
const MANY = 1_150

const flowsOf = async (saga: SagaStorage, filter?: DirtyFlowFilter): Promise<string[]> =>
  (await Array.fromAsync(saga.listDirtyFlows(filter))).map(({ dfid }) => dfid)

async function markAll(saga: SagaStorage, flows: readonly string[]): Promise<void> {
  for (let n = 0; n < flows.length; n += 250)
    await Promise.all(flows.slice(n, n + 250).map((dfid) => saga.markDirty(dfid, 'step', '{}')))
}

export const scenarios: readonly Scenario[] = group({ level: 'seed', protocols: ['saga'], needs: 'empty' }, [
  {
    id: 'saga/dirty-flows-are-listed',
    title:
      'listDirtyFlows gives the marks whole, the oldest first; a flow that is marked again moves to the end',
    clause: 'listDirtyFlows: in the order of the latest mark, oldest first',
    asserts: 7,
    async run({ storage: { saga }, assert }) {
      assert.equal(await flowsOf(saga), [], 'an empty store')
      const flows = ['c', 'a', 'd', 'b']
      for (const dfid of flows) await saga.markDirty(dfid, `step of ${dfid}`, `{"n": ["${dfid}", 1.0]}`)
      const listed = await Array.fromAsync(saga.listDirtyFlows())
      const states = flows.map(async (dfid) => ({ dfid, ...(await saga.getDirtyState(dfid)) }))
      assert.equal(without(listed, 'markedAt'), await Promise.all(states), 'what getDirtyState shows, too')
      assert.ok(
        listed.every(({ markedAt }) => TIME.test(String(markedAt))),
        'when they were marked',
      )
      await new Promise((resolve) => setTimeout(resolve, 5))
      await saga.markDirty('a', 'again', 'null')
      await saga.clearDirty('d')
      const later = await Array.fromAsync(saga.listDirtyFlows())
      assert.equal(
        later.map(({ dfid, failedStep, partialState }) => [dfid, failedStep, partialState !== null]),
        [
          ['c', 'step of c', true],
          ['b', 'step of b', true],
          ['a', 'again', false],
        ],
        'one is marked again, one is cleared',
      )
      assert.ok(String(later[2]?.markedAt) > String(listed[1]?.markedAt), 'the time of the latest mark')
      assert.equal(await flowsOf(saga), await saga.getDirtyFlows(), 'as getDirtyFlows has them')
      await saga.markDirty('a', 'again', 'null')
      assert.equal(await flowsOf(saga, {}), ['c', 'b', 'a'], 'the last one again')
    },
  },
  {
    id: 'saga/dirty-flows-grow-old',
    title: 'listDirtyFlows gives a flow once its mark is as old as is asked for, by the clock of the store',
    clause: 'listDirtyFlows({ olderThanSec? }): judged by the clock of the backend against the latest mark',
    asserts: 4,
    async run({ storage: { saga }, assert }) {
      const write = () => saga.markDirty('one', 'step', '{}')
      await growsOld({ assert }, 'one', write, (olderThanSec) => flowsOf(saga, { olderThanSec }))
    },
  },
  {
    id: 'saga/dirty-flows-are-listed-by-age',
    title: 'listDirtyFlows tells the old marks from the young to the second, whatever their order',
    clause: 'listDirtyFlows({ olderThanSec? }): those whose markedAt lies so many seconds back or more',
    capabilities: ['export'],
    protocols: PROTOCOLS,
    asserts: 6,
    async run({ storage, assert }) {
      const days = { young: 1, old: 30, oldest: 3_000, older: 300, 'of tomorrow': -1 }
      const marks = Object.entries(days).map(([dfid, age]) => mark(dfid, ago(age * DAY)))
      await storage.importRecords(whole(marks))
      const cases: readonly (readonly [DirtyFlowFilter, readonly string[]])[] = [
        [{}, Object.keys(days)],
        [{ olderThanSec: 0 }, ['young', 'old', 'oldest', 'older']],
        [{ olderThanSec: 20 * DAY }, ['old', 'oldest', 'older']],
        [{ olderThanSec: 200.5 * DAY }, ['oldest', 'older']],
        [{ olderThanSec: 9_000 * DAY }, []],
      ]
      for (const [filter, flows] of cases)
        assert.equal(await flowsOf(storage.saga, filter), flows, JSON.stringify(filter))
      await storage.saga.markDirty('oldest', 'step', '{}')
      assert.equal(
        await flowsOf(storage.saga, { olderThanSec: DAY / 2 }),
        ['young', 'old', 'older'],
        'one again',
      )
    },
  },
  {
    id: 'saga/the-list-goes-through-many-pages',
    title:
      'listDirtyFlows gives every flow once and in order, and sees what is marked and cleared ahead of it',
    clause: 'listDirtyFlows: page by page, up to what is there when it gets there',
    asserts: 4,
    async run({ storage: { saga }, open, assert }) {
      const flows = range(MANY).map((n) => `flow ${(n * 37) % MANY}`)
      await markAll(saga, flows)
      assert.equal(await flowsOf(saga), flows, 'all')
      assert.equal(await flowsOf(saga, { olderThanSec: 1e9 }), [], 'none that old')
      const writer = (await open()).saga
      const [first, ...rest] = flows as [string, ...string[]]
      const seen: string[] = []
      for await (const { dfid } of saga.listDirtyFlows()) {
        seen.push(dfid)
        if (seen.length > 1) continue
        for (const again of [first, 'late']) await writer.markDirty(again, 'step', '{}')
        await writer.clearDirty(rest.at(-2) as string)
      }
      const expected = [...flows.toSpliced(-2, 1), first, 'late']
      assert.equal(seen, expected, 'one is marked again, one is new, one is cleared')
      const dealt: string[] = []
      for await (const { dfid } of saga.listDirtyFlows()) {
        dealt.push(dfid)
        await writer.clearDirty(dfid)
      }
      assert.equal(dealt, expected.slice(1), 'whoever deals with a flow may clear it at once')
    },
  },
])
