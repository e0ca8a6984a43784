import type { Scenario } from '../scenario.ts'
import { group, range } from './kit.ts'
import { flowsOf } from './lifecycle-flows.ts'

/** As many as several pages hold. */
const MANY = 1_150
/** How many calls are made at once. */
const AT_ONCE = 230

export const scenarios: readonly Scenario[] = group(
  { level: 'seed', protocols: ['lifecycle'], needs: 'empty' },
  [
    {
      id: 'lifecycle/the-list-goes-through-many-pages',
      title: 'listFlows gives every flow once and in order, however many there are and however few fit',
      clause: 'listFlows: an async iterable of any size',
      asserts: 5,
      async run({ storage: { lifecycle }, assert }) {
        const flows = range(MANY).map((n) => `${(n * 37) % MANY}`)
        const statusOf = (n: number): string => (n === 3 || n > MANY - 3 ? 'RARE' : `S${n % 2}`)
        const record = async (moves: readonly (readonly [string, string])[]): Promise<void> => {
          for (let n = 0; n < moves.length; n += AT_ONCE)
            await Promise.all(
              moves.slice(n, n + AT_ONCE).map(([dfid, to]) => lifecycle.recordTransition(dfid, null, to)),
            )
        }
        await record(flows.toReversed().map((dfid, n) => [dfid, n % 3 === 0 ? 'RARE' : 'OLD']))
        await record(flows.map((dfid, n) => [dfid, statusOf(n)]))
        assert.equal(await flowsOf(lifecycle), flows, 'all')
        for (const status of ['S0', 'S1', 'RARE'])
          assert.equal(
            await flowsOf(lifecycle, { status }),
            flows.filter((_, n) => statusOf(n) === status),
            `those in ${status}`,
          )
        assert.equal(await flowsOf(lifecycle, { olderThanSec: 1e9 }), [], 'none that old')
      },
    },
    {
      id: 'lifecycle/the-list-sees-what-is-there-when-it-gets-there',
      title: 'what moves while a reader is on its way is listed where it then is',
      clause: 'listFlows: page by page, up to what is there when it gets there',
      asserts: 3,
      async run({ storage: { lifecycle }, open, assert }) {
        const flows = range(700).map((n) => `flow ${n}`)
        for (let n = 0; n < flows.length; n += 140)
          await Promise.all(
            flows.slice(n, n + 140).map((dfid) => lifecycle.recordTransition(dfid, null, 'A')),
          )
        const writer = (await open()).lifecycle
        const seen: (readonly [string, string])[] = []
        for await (const { dfid, status } of lifecycle.listFlows()) {
          seen.push([dfid, status])
          if (seen.length > 1) continue
          for (const again of ['flow 0', 'flow 650', 'flow 699', 'late'])
            await writer.recordTransition(again, null, 'B')
        }
        const stay = flows.filter((_, n) => n !== 650 && n !== 699)
        const moved = ['flow 0', 'flow 650', 'flow 699', 'late']
        assert.equal(
          seen,
          [...stay.map((dfid) => [dfid, 'A']), ...moved.map((dfid) => [dfid, 'B'])],
          'the flows',
        )
        const inStatus: string[] = []
        for await (const { dfid } of lifecycle.listFlows({ status: 'A' })) {
          inStatus.push(dfid)
          if (inStatus.length > 1) continue
          await writer.recordTransition('flow 690', 'A', 'B')
          await writer.recordTransition('late', 'B', 'A')
        }
        const still = [...stay.slice(1).filter((dfid) => dfid !== 'flow 690'), 'late']
        assert.equal(inStatus, still, 'those in a status')
        const first: string[] = []
        for await (const { dfid } of lifecycle.listFlows()) {
          first.push(dfid)
          if (first.length === 2) break
        }
        assert.equal(first, ['flow 1', 'flow 2'], 'a reader may leave at any time')
      },
    },
  ],
)
