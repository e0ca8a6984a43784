import { PROTOCOLS } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { group, without } from './kit.ts'
import { move, plant, result, token } from './plant.ts'
import { LAST, LATELY, OLD, flow, prune } from './prune-kit.ts'

// What is removed is as if it had never been.

export const scenarios: readonly Scenario[] = group(
  { level: 'atomic', protocols: PROTOCOLS, needs: 'empty', capabilities: ['prune', 'export'] },
  [
    {
      id: 'prune/budgets-afterwards',
      title: 'a budget counts exactly the tokens that are left',
      clause: 'tryConsumeBudget counts the tokens in the window',
      asserts: 5,
      async run({ storage, assert }) {
        const tokens = [OLD, LATELY, OLD, LATELY, OLD].map((createdAt) => token('one', createdAt))
        await plant(storage, [...tokens, token('two', OLD), LAST])
        const told = await prune(storage, { keepTokensSec: 0 })
        assert.equal(told.removed, { escalation: 4 }, 'what is told')
        const answers = [
          ['one', true, 3],
          ['one', true, 4],
          ['one', false, 4],
          ['two', true, 1],
        ] as const
        for (const [agent, granted, used] of answers)
          assert.equal(
            await storage.escalation.tryConsumeBudget(agent, { limit: 4, windowSec: 1e8 }),
            { granted, used },
            `${agent}: ${used}`,
          )
      },
    },
    {
      id: 'prune/keys-afterwards',
      title: 'a key whose result was removed is as good as new',
      clause: 'claim: started; what was removed does not stand in its way',
      asserts: 9,
      async run({ storage, assert }) {
        const { idempotency } = storage
        const requestHash = 'before'
        await plant(storage, [
          ...['alone', 'stored'].map((key) => result(key, OLD, { requestHash })),
          result('of a flow', OLD, { requestHash, dfid: 'flow', stepId: 'step' }),
          move('flow', 'DONE', OLD),
          LAST,
        ])
        assert.equal((await prune(storage)).removed, { idempotency: 3, lifecycle: 1 }, 'what is told')
        for (const key of ['alone', 'of a flow']) {
          assert.equal(await idempotency.get(key), null, `${key}: its result`)
          const claimed = await idempotency.claim(key, { leaseSec: 60, requestHash: 'after' })
          assert.equal(claimed.state, 'started', `${key}: a claim`)
          const by = claimed.state === 'started' ? claimed.token : ''
          assert.equal(await idempotency.complete(key, by, { again: true }), true, `${key}: its end`)
          assert.equal(await idempotency.get(key), { again: true }, `${key}: its new result`)
        }
        const { stored } = await idempotency.setIfAbsent('stored', { again: true })
        assert.equal(stored, true, 'another one, stored where there is none')
      },
    },
    {
      id: 'prune/flows-afterwards',
      title: 'a flow that was removed may begin again, and has only what it has got since',
      clause: 'prune: what is removed is gone; the flow is as one that never was',
      asserts: 11,
      async run({ storage, assert }) {
        const { lifecycle, decisionAudit, context, intentRetry, escalation } = storage
        await plant(storage, [...flow('one', 1), LAST])
        assert.equal((await prune(storage)).flows, 1, 'it goes')
        assert.equal(await lifecycle.transition('one', null, 'OPEN'), true, 'it begins again')
        await decisionAudit.record('one', 'AGAIN')
        await context.setSession('one', '{"again":true}')
        const byTime = { from: '2000-01-01' }
        for (const filter of [byTime, { ...byTime, newestFirst: true }, { agentId: 'agent' }])
          assert.equal(
            (await Array.fromAsync(decisionAudit.events(filter))).filter(
              ({ dfid, event }) => dfid === 'one' && event !== 'AGAIN',
            ),
            [],
            `its old events, ${JSON.stringify(filter)}`,
          )
        const texts = { reason: 'again', contextJson: '{}', proposalJson: '{}', impact: '' }
        await escalation.insertRequest({ dfid: 'one', agentId: 'agent', ...texts })
        assert.equal(
          without(await lifecycle.getTransitions('one'), 'createdAt'),
          [{ dfid: 'one', fromStatus: null, toStatus: 'OPEN' }],
          'its transitions',
        )
        const events = await decisionAudit.eventsForDfid('one')
        assert.equal(
          events.map(({ event }) => event),
          ['AGAIN'],
          'its events',
        )
        assert.equal(await context.getSession('one'), '{"again":true}', 'its session')
        assert.equal(await intentRetry.increment('one'), 1, 'its retries')
        assert.equal((await escalation.getRequest('one'))?.status, 'PENDING', 'its request')
        const listed = [undefined, { status: 'OPEN' }, { status: 'DONE' }].map(async (filter) =>
          (await Array.fromAsync(lifecycle.listFlows(filter))).map(({ dfid }) => dfid),
        )
        assert.equal(await Promise.all(listed), [['one'], ['one'], []], 'where it is listed')
      },
    },
  ],
)
