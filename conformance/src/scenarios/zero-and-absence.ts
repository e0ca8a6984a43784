import { PROTOCOLS } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { LONG_AGO, group } from './kit.ts'
import { aRequest } from './samples.ts'

const REFUSED = 'STORAGE_INSUFFICIENT_CAPACITY'

export const scenarios: readonly Scenario[] = [
  ...group({ level: 'atomic', protocols: ['resourceLock'] }, [
    {
      id: 'zero-and-absence/of-capacities',
      title: 'a capacity of 0 holds nothing, and is not taken for one that was not given',
      clause: 'capacities: the total of each resource; 0 is a real hold',
      asserts: 7,
      async run({ storage: { resourceLock }, id, assert }) {
        const [flow, r, s] = [id('flow'), id('r'), id('s')]
        const acquire = (amounts: object, capacities?: object) =>
          resourceLock.acquireBatch(
            flow,
            amounts as Record<string, number>,
            5,
            capacities === undefined ? undefined : { capacities: capacities as Record<string, number> },
          )
        for (const [amounts, capacities, resourceId] of [
          [{ [r]: 1 }, { [r]: 0 }, r],
          [{ [r]: 0.000_001 }, { [r]: 0 }, r],
          [{ [r]: 1, [s]: 1 }, { [r]: 1, [s]: 0 }, s],
        ] as const)
          await assert.rejects(() => acquire(amounts, capacities), REFUSED, 'a capacity of 0', {
            resourceId,
            capacity: 0,
            locked: 0,
          })
        assert.equal(await acquire({ [r]: 0 }, { [r]: 0 }), true, 'nothing of nothing')
        assert.equal(await acquire({ [s]: 5 }), true, 'no capacity given')
        const held = await resourceLock.getHolds({ dfid: flow })
        assert.equal(
          held.map(({ resourceId, amount }) => [resourceId, amount]),
          [
            [r, 0],
            [s, 5],
          ],
          'the holds',
        )
        await resourceLock.release(flow, { fence: 0 })
        assert.equal((await resourceLock.getHolds({ dfid: flow })).length, 2, 'released up to fence 0')
      },
    },
    {
      id: 'zero-and-absence/of-a-batch-capacity',
      title: 'a batch takes a capacity of 0 as one',
      clause: 'capacities: the total of each resource',
      capabilities: ['atomically', 'capacities'],
      protocols: PROTOCOLS,
      asserts: 2,
      async run({ storage, id, assert }) {
        const [flow, r] = [id('flow'), id('r')]
        await assert.rejects(
          () =>
            storage.atomically((batch) =>
              batch.resourceLock.acquire(flow, { [r]: 1 }, 5, { capacities: { [r]: 0 } }),
            ),
          REFUSED,
          'a capacity of 0',
        )
        assert.equal(await storage.resourceLock.getHolds({ dfid: flow }), [], 'no hold')
      },
    },
  ]),
  ...group({ level: 'atomic', protocols: PROTOCOLS, needs: 'empty' }, [
    {
      id: 'zero-and-absence/of-texts',
      title: 'empty text, 0 and what looks like nothing in JSON are values, and differ from what is absent',
      clause: 'what goes in comes out; null: absent',
      asserts: 18,
      async run({ storage, assert }) {
        const { context, idempotency, decisionAudit, escalation, lifecycle, saga } = storage
        for (const text of ['null', '0', '""', 'false', '[]', '{}']) {
          await context.setSession('s', text)
          const taken = [
            await context.compareAndSetSession('s', null, '1'),
            await context.compareAndSetSession('s', text, text),
            await context.getSession('s'),
          ]
          assert.equal(taken, [false, true, text], `a session of ${text}`)
        }
        await lifecycle.transition('flow', null, '')
        assert.equal(
          await lifecycle.transition('flow', null, 'A'),
          false,
          'from none, where the status is empty',
        )
        assert.equal(await lifecycle.getCurrentStatus('flow'), '', 'an empty status')
        assert.equal(await lifecycle.transition('flow', '', 'A'), true, 'from the empty status')
        await idempotency.claim('empty', { leaseSec: 600, requestHash: '' })
        await idempotency.claim('none', { leaseSec: 600 })
        const states = [
          (await idempotency.claim('empty', { leaseSec: 600, requestHash: 'A' })).state,
          (await idempotency.claim('empty', { leaseSec: 600 })).state,
          (await idempotency.claim('none', { leaseSec: 600, requestHash: '' })).state,
        ]
        assert.equal(states, ['mismatch', 'inFlight', 'inFlight'], 'an empty hash is one')
        await decisionAudit.recordMany([
          { dfid: 'a', event: '' },
          { dfid: 'a', event: 'E' },
        ])
        const named = await Array.fromAsync(decisionAudit.events({ event: '' }))
        assert.equal(named.length, 1, 'events without a name')
        const none = await Array.fromAsync(decisionAudit.events({ limit: 0 }))
        assert.equal(none, [], 'a limit of 0')
        assert.equal((await Array.fromAsync(decisionAudit.events({ afterSeq: 0 }))).length, 2, 'after 0')
        const budget = { limit: 0, windowSec: 60 }
        const refused = await escalation.requestWithinBudget(aRequest('flow', 'agent'), budget)
        assert.equal(refused, { granted: false, used: 0 }, 'a budget of 0')
        assert.equal(await escalation.getWindowCount('agent', LONG_AGO), 0, 'no token')
        assert.equal(await escalation.getPendingRequests(), [], 'no request')
        await saga.markDirty('flow', '', 'null')
        assert.equal(
          await saga.getDirtyState('flow'),
          { failedStep: '', partialState: null, partialStateJson: 'null' },
          'an empty mark',
        )
        await escalation.insertRequest(
          aRequest('flow', 'agent', { proposalJson: 'null', reason: '', impact: '' }),
        )
        const [request] = await escalation.getPendingRequests()
        assert.equal(
          [request?.reason, request?.proposal, request?.impact],
          ['', null, ''],
          'an empty request',
        )
      },
    },
  ]),
]
