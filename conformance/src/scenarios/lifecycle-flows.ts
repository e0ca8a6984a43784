import type { FlowFilter, FlowStatus, LifecycleStorage } from '@dir/storage-core'
import { same } from '../same.ts'
import type { Scenario } from '../scenario.ts'
import { brief, group, range } from './kit.ts'

export const read = (lifecycle: LifecycleStorage, filter?: FlowFilter): Promise<FlowStatus[]> =>
  Array.fromAsync(lifecycle.listFlows(filter))

/** The flows that are listed. */
export const flowsOf = async (lifecycle: LifecycleStorage, filter?: FlowFilter): Promise<string[]> =>
  (await read(lifecycle, filter)).map(({ dfid }) => dfid)

/** What the list should be, by all transitions. */
export async function lastOfEach(lifecycle: LifecycleStorage): Promise<FlowStatus[]> {
  const last = new Map<string, FlowStatus>()
  for (const { dfid, toStatus, createdAt } of await lifecycle.getTransitions()) {
    last.delete(dfid)
    last.set(dfid, { dfid, status: toStatus, since: createdAt })
  }
  return [...last.values()]
}

/** What the list says of a flow, where that is not what the flow's last transition says. */
export async function listedOtherwise(lifecycle: LifecycleStorage, id: string): Promise<FlowStatus[][]> {
  const listed = (await read(lifecycle)).filter(({ dfid }) => dfid === id)
  const last = (await lifecycle.getTransitions(id)).slice(-1)
  const expected = last.map(({ toStatus, createdAt }) => ({ dfid: id, status: toStatus, since: createdAt }))
  return same(listed, expected) ? [] : [listed]
}

/** Statuses that a careless key, range, pattern or comparison takes for one another. */
const ALIKE: readonly string[] = [
  ",, ,A,a,A , A,AA,A\u0001,A\u0001\u0001,A:,A*,A%,_,*,?,\u0001,A\uffff,A\u{10ffff},é,e\u0301,\u{1f600},',\\",
  '0,00,null,0000000000000001,A0000000000000001',
]
  .flatMap((texts) => texts.split(','))
  .slice(1)
  .concat(['x', 'y'].map((end) => 'long '.repeat(13_000) + end))

export const scenarios: readonly Scenario[] = group(
  { level: 'seed', protocols: ['lifecycle'], needs: 'empty' },
  [
    {
      id: 'lifecycle/flows-are-listed',
      title: 'listFlows gives each flow once, with the status and the time of its last transition',
      clause: 'listFlows({ status? }): each flow with the toStatus and createdAt of its last transition',
      asserts: 8,
      async run({ storage: { lifecycle }, assert }) {
        assert.equal(await read(lifecycle), [], 'an empty store')
        const moves = ['c A', 'a A', 'd B', 'a B', 'b A', 'd C', 'c B', 'd A', 'e B', 'a B']
        for (const move of moves) {
          const [dfid = '', to = ''] = move.split(' ')
          await lifecycle.recordTransition(dfid, 'whatever', to)
        }
        const last = await lastOfEach(lifecycle)
        assert.equal(
          last.map(({ dfid, status }) => `${dfid} ${status}`),
          ['b A', 'c B', 'd A', 'e B', 'a B'],
          'the last transitions',
        )
        assert.equal(await read(lifecycle), last, 'all')
        assert.equal(await read(lifecycle, {}), last, 'a filter that asks for nothing')
        for (const status of ['A', 'B', 'C', 'whatever'])
          assert.equal(
            await read(lifecycle, { status }),
            last.filter((one) => one.status === status),
            `those in ${status}`,
          )
      },
    },
    {
      id: 'lifecycle/flows-come-in-the-order-in-which-they-got-there',
      title:
        'a flow that moves is the last of its new status and of all, and is listed under its old one no more',
      clause: 'listFlows: in the order of insertion of the last transitions, oldest first',
      asserts: 7,
      async run({ storage: { lifecycle }, assert }) {
        const flows = range(40).map((n) => `flow ${(n * 7) % 40}`)
        await Promise.all(flows.slice(0, 30).map((dfid) => lifecycle.recordTransition(dfid, null, 'A')))
        for (const dfid of flows.slice(30)) await lifecycle.recordTransition(dfid, null, 'A')
        assert.equal(await flowsOf(lifecycle), flows, 'ties included')
        const [first, second, ...rest] = flows as [string, string, ...string[]]
        await lifecycle.recordTransition(first, 'A', 'B')
        assert.equal(await flowsOf(lifecycle), [second, ...rest, first], 'all, after the first has moved')
        assert.equal(await flowsOf(lifecycle, { status: 'A' }), [second, ...rest], 'its old status')
        await lifecycle.recordTransition(second, 'A', 'B')
        await lifecycle.recordTransition(first, 'B', 'B')
        assert.equal(await flowsOf(lifecycle, { status: 'B' }), [second, first], 'to where it is already')
        await lifecycle.recordTransition(second, 'B', 'A')
        assert.equal(await flowsOf(lifecycle, { status: 'A' }), [...rest, second], 'back again')
        assert.equal(await flowsOf(lifecycle, { status: 'B' }), [first], 'the one that stayed')
        assert.equal(await flowsOf(lifecycle), [...rest, first, second], 'all of them')
      },
    },
    {
      id: 'lifecycle/flows-of-any-status',
      title: 'statuses that look alike are told apart, the empty one and very long ones too',
      clause: 'listFlows({ status }): exactly this status, whatever text it is',
      asserts: ALIKE.length + 2,
      async run({ storage: { lifecycle }, assert }) {
        for (const round of ['old', 'new'])
          for (const [n, status] of ALIKE.entries())
            await lifecycle.recordTransition(`${n}`, null, round === 'old' ? (ALIKE.at(n - 1) ?? '') : status)
        for (const [n, status] of ALIKE.entries())
          assert.equal(await flowsOf(lifecycle, { status }), [`${n}`], brief(status))
        assert.equal(await flowsOf(lifecycle, { status: 'none' }), [], 'a status that nothing is in')
        assert.equal(
          (await read(lifecycle)).map(({ status }) => status),
          ALIKE,
          'all',
        )
      },
    },
    {
      id: 'lifecycle/flows-are-listed-after-a-batch',
      title: 'of several transitions of one flow in one batch the last counts, and of a refused batch none',
      clause: 'listFlows: last by insertion, in a batch in the order of its calls',
      level: 'atomic',
      capabilities: ['atomically'],
      protocols: ['lifecycle', 'decisionAudit'],
      asserts: 5,
      async run({ storage, assert }) {
        const { lifecycle } = storage
        await lifecycle.recordTransition('one', null, 'A')
        await storage.atomically((batch) => {
          batch.lifecycle.recordTransition('two', null, 'A')
          batch.lifecycle.transition('one', 'A', 'B')
          batch.decisionAudit.record('two', 'MOVED')
          batch.lifecycle.recordTransition('two', 'A', 'C')
          batch.lifecycle.recordTransition('three', null, 'B')
          batch.lifecycle.recordTransition('two', 'C', 'B')
          batch.lifecycle.recordTransition('one', 'B', 'C')
          batch.lifecycle.recordTransition('one', 'C', 'B')
        })
        const last = await lastOfEach(lifecycle)
        assert.equal(await read(lifecycle), last, 'all')
        assert.equal(await flowsOf(lifecycle, { status: 'B' }), ['three', 'two', 'one'], 'where they are')
        for (const status of ['A', 'C'])
          assert.equal(await flowsOf(lifecycle, { status }), [], `where they were: ${status}`)
        const refused = storage.atomically((batch) => {
          batch.lifecycle.recordTransition('two', 'B', 'A')
          batch.lifecycle.transition('one', 'A', 'C')
        })
        await refused.catch(() => {})
        assert.equal(await read(lifecycle), last, 'after one that was refused')
      },
    },
  ],
)
