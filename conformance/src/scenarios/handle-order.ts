import type { Protocol, StorageHandle } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { LONG_AGO, group, last } from './kit.ts'
import { flowsOf } from './lifecycle-flows.ts'
import { aRequest, anAgent } from './samples.ts'

/** Calls that are all issued at once, and the answer of the last. */
type Row = readonly [Protocol, what: string, act: () => Promise<unknown>, answer: unknown]

const changes = (storage: StorageHandle, one: string, two: string): readonly Row[] => {
  const { agentRegistry, saga, resourceLock, intentRetry, escalation } = storage
  return [
    [
      'agentRegistry',
      'updateStatus',
      () =>
        last(
          agentRegistry.upsertAgent(anAgent(one)),
          agentRegistry.updateStatus(one, 'X', 'why'),
          agentRegistry.getStatus(one),
        ),
      { status: 'X', suspensionReason: 'why' },
    ],
    [
      'saga',
      'clearDirty',
      () => last(saga.markDirty(one, 'step', '{}'), saga.clearDirty(one), saga.getDirtyState(one)),
      null,
    ],
    [
      'resourceLock',
      'two acquires',
      () =>
        last(
          resourceLock.acquireBatch(one, { [two]: 3 }, 0),
          resourceLock.acquireBatch(two, { [two]: 4 }, 0),
          resourceLock.getLockedAmount(two, null),
        ),
      7,
    ],
    [
      'resourceLock',
      'release',
      () => last(resourceLock.release(one), resourceLock.getLockedAmount(two, null)),
      4,
    ],
    [
      'intentRetry',
      'delete',
      () => last(intentRetry.setCount(one, 3), intentRetry.delete(one), intentRetry.getCount(one)),
      0,
    ],
    [
      'escalation',
      'resolveRequest',
      () =>
        last(
          escalation.insertRequest(aRequest(one, two)),
          escalation.resolveRequest(one, '2026-03-01', 'x', null),
          escalation.resolveRequest(one, '2026-03-01', 'x', null),
        ),
      false,
    ],
    [
      'escalation',
      'getRequest',
      () =>
        last(
          escalation.insertRequest(aRequest(two, two)),
          escalation.resolveRequest(two, '2026-03-01', 'x', null, { resolvedBy: one }),
          escalation.getRequest(two).then((request) => [request?.decision, request?.resolvedBy]),
        ),
      ['x', one],
    ],
    [
      'escalation',
      'two tokens',
      () =>
        last(
          escalation.recordBudgetToken(two),
          escalation.recordBudgetToken(two),
          escalation.getWindowCount(two, LONG_AGO),
        ),
      2,
    ],
  ]
}

const lists = (storage: StorageHandle): readonly Row[] => {
  const { agentRegistry, decisionAudit, saga, escalation, lifecycle } = storage
  return [
    [
      'agentRegistry',
      'listActiveAgents',
      () =>
        last(
          agentRegistry.upsertAgent(anAgent('b')),
          agentRegistry.upsertAgent(anAgent('a')),
          agentRegistry.updateStatus('b', 'X', null),
          agentRegistry.listActiveAgents(),
        ),
      ['a'],
    ],
    [
      'decisionAudit',
      'allEventsChronological',
      () =>
        last(
          decisionAudit.record('a', 'E'),
          decisionAudit.record('b', 'F'),
          decisionAudit.allEventsChronological().then((all) => all.map(({ event }) => event)),
        ),
      ['E', 'F'],
    ],
    [
      'saga',
      'getDirtyFlows',
      () =>
        last(
          saga.markDirty('a', '', '0'),
          saga.markDirty('b', '', '0'),
          saga.markDirty('a', '', '0'),
          saga.markDirty('c', '', '0'),
          saga.clearDirty('b'),
          saga.getDirtyFlows(),
        ),
      ['a', 'c'],
    ],
    [
      'escalation',
      'getPendingRequests',
      () =>
        last(
          escalation.insertRequest(aRequest('a', 'agent')),
          escalation.insertRequest(aRequest('b', 'agent')),
          escalation.resolveRequest('a', '2026-03-01', 'x', null),
          escalation.getPendingRequests().then((pending) => pending.map(({ dfid }) => dfid)),
        ),
      ['b'],
    ],
    [
      'escalation',
      'listRequests',
      () =>
        last(
          escalation.insertRequest(aRequest('a', 'agent')),
          escalation.resolveRequest('b', '2026-03-01', 'x', null),
          Array.fromAsync(escalation.listRequests()).then((all) =>
            all.map(({ dfid, status }) => `${dfid} ${status}`),
          ),
        ),
      ['b RESOLVED', 'a PENDING'],
    ],
    [
      'lifecycle',
      'getTransitions',
      () =>
        last(
          lifecycle.recordTransition('a', null, 'A'),
          lifecycle.recordTransition('b', null, 'B'),
          lifecycle.getTransitions().then((all) => all.map(({ toStatus }) => toStatus)),
        ),
      ['A', 'B'],
    ],
    [
      'lifecycle',
      'listFlows',
      () => last(lifecycle.recordTransition('a', 'A', 'B'), flowsOf(lifecycle, { status: 'B' })),
      ['b', 'a'],
    ],
  ]
}

export const scenarios: readonly Scenario[] = [
  ...group({ level: 'seed', protocols: 'any' }, [
    {
      id: 'handle/reads-see-earlier-changes',
      title: 'a read sees every change and removal that was issued before it on the same handle',
      clause: 'a read sees every write issued earlier on the same handle to the same protocol and id',
      asserts: 8,
      async run({ storage, protocols, id, assert }) {
        for (const [protocol, what, act, answer] of changes(storage, id('one'), id('two')))
          if (protocols.includes(protocol)) assert.equal(await act(), answer, what)
      },
    },
    {
      id: 'handle/lists-see-earlier-changes',
      title: 'a list sees every change that was issued before it on the same handle, to any id',
      clause:
        'a read sees every write issued earlier on the same handle (any id, for lists, sums and events)',
      needs: 'empty',
      asserts: 7,
      async run({ storage, protocols, assert }) {
        for (const [protocol, what, act, answer] of lists(storage))
          if (protocols.includes(protocol)) assert.equal(await act(), answer, what)
      },
    },
  ]),
]
