import type { Protocol, StorageHandle } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { HOSTILE_IDS } from './hostile-ids.ts'
import { aRequest } from './samples.ts'

interface Verbs {
  /** Ends the ids of its scenarios. */
  readonly words: string
  readonly protocols: readonly Protocol[]
  /** Uses the verbs on an id that nobody used, in such a way that another id taken for it shows in the answers. */
  readonly use: (storage: StorageHandle, id: string, n: number) => Promise<unknown>
  readonly expected: (id: string, n: number) => unknown
  readonly capabilities?: Scenario['capabilities'] & {}
}

const code = (call: Promise<unknown>): Promise<unknown> =>
  call.catch((error: { code?: string }) => error.code)

const VERBS: readonly Verbs[] = [
  {
    words: 'a-swapped-session',
    protocols: ['context'],
    use: async ({ context }, id, n) => [
      await context.compareAndSetSession(id, null, `${n}`),
      await context.compareAndSetSession(id, null, '-1'),
      await context.compareAndSetState(id, null, `${n}`),
      await context.compareAndSetState(id, `${n}`, '0'),
    ],
    expected: () => [true, false, true, true],
  },
  {
    words: 'a-claimed-key',
    protocols: ['idempotency'],
    async use({ idempotency }, id, n) {
      const first = await idempotency.claim(id, { leaseSec: 600, requestHash: id })
      const second = await idempotency.claim(id, { leaseSec: 600, requestHash: id })
      const token = first.state === 'started' ? first.token : 'none'
      return [
        first.state,
        second.state,
        await idempotency.complete(id, token, { n }),
        await idempotency.setIfAbsent(id, { n: -1 }),
      ]
    },
    expected: (_, n) => [
      'started',
      'inFlight',
      true,
      { stored: false, result: { n }, resultJson: `{"n": ${n}}` },
    ],
  },
  {
    words: 'an-event-filter',
    protocols: ['decisionAudit'],
    async use({ decisionAudit }, id, n) {
      await decisionAudit.recordMany([{ dfid: id, event: id, agentId: id, details: { n } }])
      const filters = [{ dfid: id }, { event: id }, { agentId: id }, { dfid: id, event: id, agentId: id }]
      const found = filters.map((filter) =>
        Array.fromAsync(decisionAudit.events(filter), ({ details }) => details),
      )
      return Promise.all(found)
    },
    expected: (_, n) => [[{ n }], [{ n }], [{ n }], [{ n }]],
  },
  {
    words: 'a-resource-with-a-capacity',
    protocols: ['resourceLock'],
    async use({ resourceLock }, id, n) {
      const acquire = (flow: string) =>
        code(
          resourceLock.acquireBatch(flow, Object.fromEntries([[id, 1]]), 0, {
            capacities: Object.fromEntries([[id, 1]]),
          }),
        )
      const answers = [await acquire(`flow ${n}`), await acquire(`other ${n}`)]
      const holds = await resourceLock.getHolds({ resourceId: id })
      return [...answers, holds.map(({ dfid, resourceId, amount }) => [dfid, resourceId, amount])]
    },
    expected: (id, n) => [true, 'STORAGE_INSUFFICIENT_CAPACITY', [[`flow ${n}`, id, 1]]],
  },
  {
    words: 'a-flow-with-holds',
    protocols: ['resourceLock'],
    async use({ resourceLock }, id, n) {
      const resources = { [`a ${n}`]: 1, [`b ${n}`]: 2 }
      const grant = await resourceLock.acquire(id, resources, 0)
      const held = async () =>
        (await resourceLock.getHolds({ dfid: id })).map(({ resourceId, fence }) => [
          resourceId,
          fence === grant?.fence,
        ])
      const before = await held()
      const [one] = await resourceLock.getHolds({ dfid: id, resourceId: `b ${n}` })
      await resourceLock.release(id, { fence: grant?.fence ?? 0 })
      return [before, one?.amount, await held()]
    },
    expected: (_, n) => [
      [
        [`a ${n}`, true],
        [`b ${n}`, true],
      ],
      2,
      [],
    ],
  },
  {
    words: 'a-counted-flow',
    protocols: ['intentRetry'],
    use: async ({ intentRetry }, id) => [await intentRetry.increment(id), await intentRetry.increment(id)],
    expected: () => [1, 2],
  },
  {
    words: 'an-agent-with-a-budget',
    protocols: ['escalation'],
    async use({ escalation }, id, n) {
      const take = (limit: number) => escalation.tryConsumeBudget(id, { limit, windowSec: 3_600 })
      const ask = (dfid: string) =>
        escalation.requestWithinBudget(aRequest(dfid, id), { limit: 2, windowSec: 3_600 })
      return [await take(1), await take(1), await ask(id), await ask(`again ${n}`)]
    },
    expected: () => [
      { granted: true, used: 1 },
      { granted: false, used: 1 },
      { granted: true, used: 2 },
      { granted: false, used: 2 },
    ],
  },
  {
    words: 'a-flow-with-a-status',
    protocols: ['lifecycle'],
    use: async ({ lifecycle }, id) => [
      await lifecycle.transition(id, null, id),
      await lifecycle.transition(id, null, 'X'),
      await lifecycle.getCurrentStatus(id),
      await lifecycle.transition(id, id, 'END'),
    ],
    expected: (id) => [true, false, id, true],
  },
  {
    words: 'a-flow-in-a-batch',
    protocols: ['context', 'intentRetry'],
    capabilities: ['atomically'],
    use: (storage, id, n) =>
      code(
        storage.atomically((batch) => {
          batch.context.setSession(id, `${n}`)
          batch.context.compareAndSetState(id, null, `${n}`)
          batch.intentRetry.increment(id)
        }),
      ),
    expected: () => [undefined, true, 1],
  },
]

/** Hostile ids where only verbs take them. */
export const scenarios: readonly Scenario[] = VERBS.map(
  ({ words, protocols, use, expected, capabilities }) => ({
    id: `verbs/hostile-ids-of-${words}`,
    title: `verbs take ids that look like patterns, operators or members of an object: ${words.replaceAll('-', ' ')}`,
    clause: `${protocols.join(', ')}: every string that the rules allow is an id of its own`,
    level: 'atomic',
    protocols,
    ...(capabilities === undefined ? {} : { capabilities }),
    needs: 'empty',
    asserts: HOSTILE_IDS.length,
    async run({ storage, assert }) {
      const all = [...HOSTILE_IDS.entries()]
      // the second half finds what the first has left
      for (const half of [0, 1]) {
        const ids = all.filter(([n]) => n % 2 === half)
        const answers = await Promise.all(ids.map(([n, id]) => use(storage, id, n)))
        for (const [index, [n, id]] of ids.entries())
          assert.equal(answers[index], expected(id, n), `the answers for ${JSON.stringify(id).slice(0, 40)}`)
      }
    },
  }),
)
