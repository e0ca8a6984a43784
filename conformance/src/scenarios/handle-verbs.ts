/* oxlint-disable unicorn/no-useless-spread -- rows keep the tables short */
import { PROTOCOLS } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { group, last } from './kit.ts'

export const scenarios: readonly Scenario[] = group({ level: 'atomic', protocols: PROTOCOLS }, [
  {
    id: 'handle/verbs-see-earlier-writes',
    title: 'an atomic verb judges what the calls issued before it on the same handle leave behind',
    clause: 'writes take effect in the order in which they were issued',
    asserts: 8,
    async run({ storage, id, assert }) {
      const { context, idempotency, decisionAudit, resourceLock, intentRetry, escalation, lifecycle } =
        storage
      const one = id('one')
      const early = context.compareAndSetSession(one, '1', '2')
      assert.equal(await last(context.setSession(one, '1'), early), false, 'a swap issued before the write')
      assert.equal(
        await last(
          context.setSession(one, '3'),
          context.compareAndSetSession(one, '3', '4'),
          context.compareAndSetSession(one, '4', '5'),
          context.getSession(one),
        ),
        '5',
        'compareAndSetSession',
      )
      assert.equal(
        await last(idempotency.set(one, { n: 1 }), idempotency.setIfAbsent(one, { n: 2 })),
        { stored: false, result: { n: 1 } },
        'setIfAbsent',
      )
      assert.equal(
        await last(
          decisionAudit.recordMany([{ dfid: one, event: 'E' }]),
          Array.fromAsync(decisionAudit.events({ dfid: one }), ({ event }) => event),
        ),
        ['E'],
        'events',
      )
      assert.equal(
        await last(
          resourceLock.acquire(one, { [one]: 1 }, 0),
          resourceLock.getHolds({ resourceId: one }).then((holds) => holds.map(({ amount }) => amount)),
        ),
        [1],
        'getHolds',
      )
      assert.equal(await last(intentRetry.setCount(one, 5), intentRetry.increment(one)), 6, 'increment')
      assert.equal(
        await last(
          escalation.recordBudgetToken(one),
          escalation.tryConsumeBudget(one, { limit: 9, windowSec: 60 }),
        ),
        { granted: true, used: 2 },
        'tryConsumeBudget',
      )
      assert.equal(
        await last(lifecycle.transition(one, null, 'A'), lifecycle.getCurrentStatus(one)),
        'A',
        'getCurrentStatus',
      )
    },
  },
  {
    id: 'handle/a-refusal-touches-no-other-call',
    title: 'a call that is refused leaves the calls issued beside it as they are',
    clause: 'a refusal of one request touches no other of its batch',
    asserts: 5,
    async run({ storage, id, assert }) {
      const { context, decisionAudit, resourceLock, intentRetry } = storage
      const [one, two, full] = [id('one'), id('two'), id('full')]
      await intentRetry.setCount(full, 2_147_483_647)
      const outcomes = await Promise.allSettled([
        context.setSession(one, '1'),
        intentRetry.increment(full),
        decisionAudit.record(one, 'first'),
        resourceLock.acquireBatch(one, { [one]: 2 }, 0, { capacities: { [one]: 1 } }),
        intentRetry.increment(two),
        context.compareAndSetSession(one, '2', '3'),
        resourceLock.acquireBatch(two, { [one]: 1 }, 0, { capacities: { [one]: 1 } }),
        intentRetry.increment(full),
        decisionAudit.record(one, 'second'),
      ])
      assert.equal(
        outcomes.map((outcome) =>
          outcome.status === 'rejected' ? (outcome.reason as { code: string }).code : '',
        ),
        [
          ...['', 'STORAGE_INVALID_ARGUMENT', '', 'STORAGE_INSUFFICIENT_CAPACITY', ''],
          ...['', '', 'STORAGE_INVALID_ARGUMENT', ''],
        ],
        'which were refused',
      )
      assert.equal(await context.getSession(one), '1', 'the session')
      assert.equal(
        [await intentRetry.getCount(two), await intentRetry.getCount(full)],
        [1, 2_147_483_647],
        'counts',
      )
      assert.equal(
        (await resourceLock.getHolds({ resourceId: one })).map(({ dfid, amount }) => [dfid, amount]),
        [[two, 1]],
        'the holds',
      )
      const events = await decisionAudit.eventsForDfid(one)
      assert.equal(
        events.map(({ event }) => event),
        ['first', 'second'],
        'the events',
      )
    },
  },
])
