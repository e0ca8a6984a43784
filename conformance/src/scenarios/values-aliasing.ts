import { PROTOCOLS } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { asked } from './escalation-decisions.ts'
import { group, without } from './kit.ts'
import { aRequest, anAgent } from './samples.ts'

/** Changes everything that can be changed in a value, at every depth. */
function spoil(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return
  for (const member of Object.values(value)) spoil(member)
  if (Array.isArray(value)) value.splice(0, value.length, 'spoiled')
  else
    for (const key of [...Object.keys(value), 'spoiled']) (value as Record<string, unknown>)[key] = 'spoiled'
}

export const scenarios: readonly Scenario[] = [
  ...group({ level: 'seed', protocols: PROTOCOLS }, [
    {
      id: 'values/arguments-are-copied-at-once',
      title: 'what a caller does to its objects after the call changes nothing that is stored',
      clause: 'values never share memory with the caller; objects are copied before the first await',
      asserts: 5,
      async run({ storage, id, assert }) {
        const { agentRegistry, idempotency, decisionAudit, resourceLock, escalation } = storage
        const [one, two] = [id('one'), id('two')]
        /** Hands `value` over, spoils it before the call is answered, and waits for that. */
        const then = async <T extends object>(value: T, call: (given: T) => Promise<unknown>) => {
          const answer = call(value)
          spoil(value)
          await answer
        }
        await then({ ...anAgent(one) }, (agent) => agentRegistry.upsertAgent(agent))
        await then({ list: [{ n: 1 }] }, (result) => idempotency.set(one, result))
        await then({ stepId: 's', details: { list: [{ n: 1 }] } }, (details) =>
          decisionAudit.record(one, 'E', details),
        )
        await then({ [two]: 3 }, (resources) => resourceLock.acquireBatch(one, resources, 0))
        await then({ ...aRequest(one, two) }, (request) => escalation.insertRequest(request))
        const agent = { ...anAgent(one), contract: { role: 'trader' } }
        assert.equal(await agentRegistry.getAgent(one), agent, 'the agent')
        assert.equal(await idempotency.get(one), { list: [{ n: 1 }] }, 'the result')
        const events = without(await decisionAudit.eventsForDfid(one), 'seq', 'timestamp')
        const details = { details: { list: [{ n: 1 }] }, detailsJson: '{"list": [{"n": 1}]}' }
        const event = { dfid: one, event: 'E', stepId: 's', state: '', agentId: null, ...details }
        assert.equal(events, [event], 'the event')
        assert.equal(await resourceLock.getLockedAmount(two, null), 3, 'the hold')
        const pending = (await escalation.getPendingRequests()).filter(({ dfid }) => dfid === one)
        assert.equal(without(pending, 'createdAt'), [asked(one, two)], 'the request')
      },
    },
    {
      id: 'values/answers-are-copies',
      title: 'what a caller does to an answer changes nothing that others read',
      clause: 'values never share memory with the caller, in either direction',
      needs: 'empty',
      asserts: 11,
      async run({ storage, open, assert }) {
        const { agentRegistry, idempotency, decisionAudit, saga, escalation, lifecycle } = storage
        const nested = '{"list": [{"n": 1}]}'
        await agentRegistry.upsertAgent(anAgent('one', { contractJson: nested }))
        await idempotency.set('one', { list: [{ n: 1 }] })
        await decisionAudit.record('one', 'E', { details: { list: [{ n: 1 }] } })
        await saga.markDirty('one', 'step', nested)
        await escalation.insertRequest(aRequest('one', 'agent', { contextJson: nested }))
        await lifecycle.recordTransition('one', null, 'NEW')
        const second = await open()
        const reads: [string, (handle: typeof storage) => Promise<unknown>][] = [
          ['getAgent', (handle) => handle.agentRegistry.getAgent('one')],
          ['getStatus', (handle) => handle.agentRegistry.getStatus('one')],
          ['listActiveAgents', (handle) => handle.agentRegistry.listActiveAgents()],
          ['get', (handle) => handle.idempotency.get('one')],
          ['eventsForDfid', (handle) => handle.decisionAudit.eventsForDfid('one')],
          ['allEventsChronological', (handle) => handle.decisionAudit.allEventsChronological()],
          ['getDirtyState', (handle) => handle.saga.getDirtyState('one')],
          ['getDirtyFlows', (handle) => handle.saga.getDirtyFlows()],
          ['getPendingRequests', (handle) => handle.escalation.getPendingRequests()],
          ['getTransitions', (handle) => handle.lifecycle.getTransitions()],
          ['listFlows', (handle) => Array.fromAsync(handle.lifecycle.listFlows())],
        ]
        for (const [method, read] of reads) {
          const before = structuredClone(await read(storage))
          spoil(await read(storage))
          spoil(await read(second))
          assert.equal([await read(storage), await read(second)], [before, before], method)
        }
      },
    },
  ]),
  ...group({ level: 'atomic', protocols: PROTOCOLS }, [
    {
      id: 'values/verbs-copy-both-ways',
      title: 'atomic verbs share no object with their caller, neither an argument nor an answer',
      clause: 'values never share memory with the caller, in either direction',
      asserts: 7,
      async run({ storage, id, assert }) {
        const { idempotency, decisionAudit, resourceLock, escalation } = storage
        const [one, two] = [id('one'), id('two')]
        const result = { list: [{ n: 1 }] }
        const stored = idempotency.setIfAbsent(one, result)
        spoil(result)
        spoil((await stored).result)
        assert.equal(await idempotency.get(one), { list: [{ n: 1 }] }, 'setIfAbsent')
        const claim = await idempotency.claim(two, { leaseSec: 60 })
        if (claim.state === 'started') await idempotency.complete(two, claim.token, { list: [{ n: 2 }] })
        spoil(await idempotency.claim(two, { leaseSec: 60 }))
        assert.equal(
          await idempotency.claim(two, { leaseSec: 60 }),
          { state: 'replay', result: { list: [{ n: 2 }] }, resultJson: '{"list": [{"n": 2}]}' },
          'claim',
        )

        const events = [{ dfid: one, event: 'E', details: { list: [1] } }]
        const recording = decisionAudit.recordMany(events)
        spoil(events)
        spoil(await recording)
        const seen = await decisionAudit.eventsForDfid(one)
        assert.equal(
          seen.map(({ event, details }) => [event, details]),
          [['E', { list: [1] }]],
          'recordMany',
        )

        const [resources, options] = [{ [one]: 3 }, { capacities: { [one]: 3 } }]
        const grant = resourceLock.acquire(one, resources, 0, options)
        spoil([resources, options])
        spoil(await grant)
        const held = await resourceLock.getHolds({ dfid: one })
        assert.equal(
          held.map(({ amount }) => amount),
          [3],
          'acquire',
        )
        const before = structuredClone(held)
        spoil(held)
        assert.equal(await resourceLock.getHolds({ dfid: one }), before, 'getHolds')

        const listed = () => Array.fromAsync(decisionAudit.events({ dfid: one }))
        const listedBefore = structuredClone(await listed())
        spoil(await listed())
        assert.equal(await listed(), listedBefore, 'events')

        const [request, budget] = [{ ...aRequest(one, two) }, { limit: 1, windowSec: 60 }]
        const asked = escalation.requestWithinBudget(request, budget)
        spoil([request, budget])
        assert.equal(await asked, { granted: true, used: 1 }, 'requestWithinBudget')
      },
    },
  ]),
]
