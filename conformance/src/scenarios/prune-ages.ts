import { PROTOCOLS, type PruneOptions } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { brief, group, range } from './kit.ts'
import { agent, ago, decided, event, move, plant, result, token } from './plant.ts'
import { BEFORE, LAST, LATELY, OLD, contents, flow, prune, removedOf } from './prune-kit.ts'

/** One microsecond before a time. */
const justBefore = (time: string): string => {
  const micros = BigInt(Date.parse(`${time.slice(0, 23)}Z`)) * 1000n + BigInt(time.slice(23, 26)) - 1n
  return `${new Date(Number(micros / 1000n)).toISOString().slice(0, 23)}${String(micros % 1000n).padStart(3, '0')}Z`
}

const ALIKE = ['DONE', 'done', 'DONE ', ' DONE', 'DON', 'DONE_', '%', 'D%', '', 'D\u00d6NE', 'DO\u0308NE']

export const scenarios: readonly Scenario[] = group(
  { level: 'atomic', protocols: PROTOCOLS, needs: 'empty', capabilities: ['prune', 'export'] },
  [
    {
      id: 'prune/by-the-microsecond',
      title: 'what happened at the moment itself stays, and what happened a microsecond before it goes',
      clause: 'prune: since before `before`',
      asserts: 3,
      async run({ storage, assert }) {
        const moment = ago(3_600).replace('000Z', '123Z')
        const earlier = justBefore(moment)
        const times = [
          [moment, earlier, earlier, earlier],
          [earlier, moment, earlier, earlier],
          [earlier, earlier, moment, earlier],
          [earlier, earlier, earlier, moment],
          [earlier, earlier, earlier, earlier],
        ] as const
        const records = times.flatMap(([moved, happened, stored, resolved], n) => [
          result(`key ${n}`, stored, { dfid: `flow ${n}` }),
          event(n + 1, `flow ${n}`, { timestamp: happened }),
          decided(`flow ${n}`, resolved),
          move(`flow ${n}`, 'DONE', moved),
        ])
        await plant(storage, [...records, LAST])
        const kept = { decisionAudit: 1, idempotency: 1, escalation: 1 }
        const removed = { ...kept, lifecycle: 1 }
        assert.equal(await prune(storage, { before: moment }), { flows: 1, removed, kept }, 'what is told')
        const left = await Array.fromAsync(storage.lifecycle.listFlows())
        assert.equal(
          left.map(({ dfid }) => dfid),
          ['flow 0', 'flow 1', 'flow 2', 'flow 3'],
          'what is left',
        )
        assert.equal(
          await prune(storage, { before: justBefore(earlier) }),
          { flows: 0, removed: {}, kept: {} },
          'earlier',
        )
      },
    },
    {
      id: 'prune/results-and-tokens-by-the-microsecond',
      title: 'a result or token of the moment itself stays, and one of a microsecond before it goes',
      clause: 'prune: results and budget tokens that are of no flow go by their age; `before`',
      asserts: 2,
      async run({ storage, assert }) {
        const moment = ago(3_600).replace('000Z', '123Z')
        const kept = [result('key', moment), token('agent', moment)]
        const earlier = justBefore(moment)
        await plant(storage, [...kept, result('earlier', earlier), token('agent', earlier), LAST])
        const { removed } = await prune(storage, { before: moment, keepTokensSec: 0 })
        assert.equal(removed, { idempotency: 1, escalation: 1 }, 'what is told')
        const left = [storage.idempotency.get('key'), storage.escalation.getWindowCount('agent', OLD)]
        assert.equal(await Promise.all(left), [{ ok: true }, 1], 'what is left')
      },
    },
    {
      id: 'prune/terminal-statuses',
      title: 'a flow is over in exactly the statuses that are named, each once',
      clause: 'prune: in one of the `terminal` statuses',
      asserts: ALIKE.length + 2,
      async run({ storage, assert }) {
        await plant(storage, [...ALIKE.flatMap((status, n) => flow(`flow ${n}`, 10 * n + 1, status)), LAST])
        const left = async (): Promise<string[]> =>
          (await Array.fromAsync(storage.lifecycle.listFlows())).map(({ status }) => status)
        const one = { flows: 1, removed: removedOf(1), kept: {} }
        for (const [n, status] of ALIKE.slice(0, -2).entries()) {
          assert.equal(await prune(storage, { terminal: [status] }), one, brief(status))
          assert.equal(await left(), ALIKE.slice(n + 1), `what is left after ${brief(status)}`)
        }
        const rest = ALIKE.slice(-2)
        assert.equal(
          await prune(storage, { terminal: [...rest, 'none', ...rest] }),
          { flows: 2, removed: removedOf(2), kept: {} },
          'several, and one twice',
        )
      },
    },
    {
      id: 'prune/results-and-tokens-by-age',
      title: 'results and tokens that are of no flow go by their age, and stay for as long as is asked',
      clause:
        'prune: results and budget tokens that are of no flow go by their age; keepResultsSec, keepTokensSec',
      asserts: 7,
      async run({ storage, assert }) {
        const ages = [400_000, 900_000, 3_000_000]
        const planted = [
          ...ages.flatMap((age) => [result(`${age}`, ago(age)), token('agent', ago(age))]),
          result('late', LATELY),
          token('agent', LATELY),
          result('of a flow', OLD, { dfid: 'flow' }),
          agent('agent'),
          move('flow', 'OPEN', OLD),
          LAST,
        ]
        await plant(storage, planted)
        const run = async (options: Partial<PruneOptions>): Promise<unknown> =>
          (await prune(storage, options)).removed
        const days = {
          keepResultsSec: undefined,
          keepTokensSec: undefined,
        } as unknown as Partial<PruneOptions>
        assert.equal(
          await run({ dryRun: true, ...days }),
          { idempotency: 2, escalation: 1 },
          'seven and 31 days, where nothing is said',
        )
        assert.equal(
          await run({ keepResultsSec: 1_000_000, keepTokensSec: 500_000 }),
          { idempotency: 1, escalation: 2 },
          'as long as is asked',
        )
        assert.equal(await storage.escalation.getWindowCount('agent', OLD), 2, 'the tokens that are left')
        assert.equal(
          await run({ before: ago(500_000), keepTokensSec: 0 }),
          { idempotency: 1 },
          'and never newer than the moment that is asked for',
        )
        assert.equal(
          await run({ keepTokensSec: 0 }),
          { idempotency: 1, escalation: 1 },
          'the rest of what is old',
        )
        for (const [key, there] of [
          ['late', { ok: true }],
          ['of a flow', { ok: true }],
        ] as const)
          assert.equal(await storage.idempotency.get(key), there, key)
      },
    },
    {
      id: 'prune/many-results-and-tokens',
      title: 'of very many results and tokens all that are old go',
      clause: 'prune: results and budget tokens that are of no flow go by their age',
      asserts: 3,
      async run({ storage, assert }) {
        const ages = range(3_600).map((n) => (n % 3 === 0 ? OLD : LATELY))
        await plant(storage, [
          ...ages.flatMap((age, n) => [result(`key ${n}`, age), token(`agent ${Number(n % 8 === 0)}`, age)]),
          LAST,
        ])
        const told = await prune(storage, { keepTokensSec: 0 })
        assert.equal(told.removed, { idempotency: 1_200, escalation: 1_200 }, 'what is told')
        const left = await contents(storage)
        assert.equal(left.filter((one) => one.includes('"idempotency"')).length, 2_400, 'results')
        const counts = ['agent 0', 'agent 1'].map((id) => storage.escalation.getWindowCount(id, BEFORE))
        assert.equal(await Promise.all(counts), [2_100, 300], 'tokens')
      },
    },
  ],
)
