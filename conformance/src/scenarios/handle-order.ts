import { PROTOCOLS } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { LONG_AGO, group, last } from './kit.ts'
import { aRequest, anAgent } from './samples.ts'

export const scenarios: readonly Scenario[] = group({ level: 'seed', protocols: PROTOCOLS }, [
  {
    id: 'handle/reads-see-earlier-changes',
    title: 'a read sees every change and removal that was issued before it on the same handle',
    clause: 'a read sees every write issued earlier on the same handle to the same protocol and id',
    asserts: 7,
    async run({ storage, id, assert }) {
      const { agentRegistry, saga, resourceLock, intentRetry, escalation } = storage
      const [one, two] = [id('one'), id('two')]
      assert.equal(
        await last(
          agentRegistry.upsertAgent(anAgent(one)),
          agentRegistry.updateStatus(one, 'X', 'why'),
          agentRegistry.getStatus(one),
        ),
        { status: 'X', suspensionReason: 'why' },
        'updateStatus',
      )
      assert.equal(
        await last(saga.markDirty(one, 'step', '{}'), saga.clearDirty(one), saga.getDirtyState(one)),
        null,
        'clearDirty',
      )
      assert.equal(
        await last(
          resourceLock.acquireBatch(one, { [two]: 3 }, 0),
          resourceLock.acquireBatch(two, { [two]: 4 }, 0),
          resourceLock.getLockedAmount(two, null),
        ),
        7,
        'two acquires',
      )
      assert.equal(
        await last(resourceLock.release(one), resourceLock.getLockedAmount(two, null)),
        4,
        'release',
      )
      assert.equal(
        await last(intentRetry.setCount(one, 3), intentRetry.delete(one), intentRetry.getCount(one)),
        0,
        'delete',
      )
      assert.equal(
        await last(
          escalation.insertRequest(aRequest(one, two)),
          escalation.resolveRequest(one, '2026-03-01', 'x', null),
          escalation.resolveRequest(one, '2026-03-01', 'x', null),
        ),
        false,
        'resolveRequest',
      )
      assert.equal(
        await last(
          escalation.recordBudgetToken(two),
          escalation.recordBudgetToken(two),
          escalation.getWindowCount(two, LONG_AGO),
        ),
        2,
        'two tokens',
      )
    },
  },
  {
    id: 'handle/lists-see-earlier-changes',
    title: 'a list sees every change that was issued before it on the same handle, to any id',
    clause: 'a read sees every write issued earlier on the same handle (any id, for lists, sums and events)',
    needs: 'empty',
    asserts: 5,
    async run({ storage, assert }) {
      const { agentRegistry, decisionAudit, saga, escalation, lifecycle } = storage
      assert.equal(
        await last(
          agentRegistry.upsertAgent(anAgent('b')),
          agentRegistry.upsertAgent(anAgent('a')),
          agentRegistry.updateStatus('b', 'X', null),
          agentRegistry.listActiveAgents(),
        ),
        ['a'],
        'listActiveAgents',
      )
      assert.equal(
        await last(
          decisionAudit.record('a', 'E'),
          decisionAudit.record('b', 'F'),
          decisionAudit.allEventsChronological().then((all) => all.map(({ event }) => event)),
        ),
        ['E', 'F'],
        'allEventsChronological',
      )
      assert.equal(
        await last(
          saga.markDirty('a', '', '0'),
          saga.markDirty('b', '', '0'),
          saga.markDirty('a', '', '0'),
          saga.markDirty('c', '', '0'),
          saga.clearDirty('b'),
          saga.getDirtyFlows(),
        ),
        ['a', 'c'],
        'getDirtyFlows',
      )
      assert.equal(
        await last(
          escalation.insertRequest(aRequest('a', 'agent')),
          escalation.insertRequest(aRequest('b', 'agent')),
          escalation.resolveRequest('a', '2026-03-01', 'x', null),
          escalation.getPendingRequests().then((pending) => pending.map(({ dfid }) => dfid)),
        ),
        ['b'],
        'getPendingRequests',
      )
      assert.equal(
        await last(
          lifecycle.recordTransition('a', null, 'A'),
          lifecycle.recordTransition('b', null, 'B'),
          lifecycle.getTransitions().then((all) => all.map(({ toStatus }) => toStatus)),
        ),
        ['A', 'B'],
        'getTransitions',
      )
    },
  },
])
