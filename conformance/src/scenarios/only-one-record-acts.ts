/* oxlint-disable unicorn/no-useless-spread -- rows keep the list short */
import type { StorageHandle } from '@dir/storage-core'
import { atomicCalls, flat, seedCalls } from './every-call.ts'
import { aRequest, anAgent } from './samples.ts'

/** A call on a store that `fill` filled, and what it changes: by record, `new`, `gone`, or the fields. */
export interface Act {
  readonly words: string
  /** `token` ends the claim of the key `mine`. */
  readonly act: (storage: StorageHandle, token: string) => Promise<unknown>
  readonly changes: Readonly<Record<string, string>>
}

const act = (words: string, changes: Act['changes'], call: Act['act']): Act => ({ words, act: call, changes })

const AGENT = { contractJson: '[7]', priority: 77, status: 'other', agentVersion: '77', sessionToken: '77' }
const REQUEST = { reason: 'r', contextJson: '7', proposalJson: '8', impact: 'i' }
const HOUR = { windowSec: 3_600 }

const READS = [
  ...'getAgent getStatus listActiveAgents getSession getState get getResultJson eventsForDfid events'.split(
    ' ',
  ),
  ...'allEventsChronological getDirtyFlows getDirtyState getLockedAmount getHolds getCount'.split(' '),
  ...'getWindowCount getPendingRequests getRequest listRequests getTransitions getCurrentStatus'.split(' '),
  ...'listAgents listClaims listDirtyFlows listHolds listFlows initSchema'.split(' '),
]

export const ACTS: Readonly<Record<string, readonly Act[]>> = {
  reads: [
    act('all that only reads, of records that are there', {}, async (storage) => {
      for (const calls of [seedCalls(storage, 'a'), atomicCalls(storage, 'a')])
        for (const [, method, call] of flat(calls)) if (READS.includes(method)) await call()
    }),
    act('all that only reads, of records that are not there', {}, async (storage) => {
      for (const calls of [seedCalls(storage, 'none'), atomicCalls(storage, 'none')])
        for (const [, method, call] of flat(calls)) if (READS.includes(method)) await call()
    }),
  ],
  agentRegistry: [
    act('a new agent', { 'agent n': 'new' }, (s) => s.agentRegistry.upsertAgent(anAgent('n'))),
    act(
      'an agent replaced',
      { 'agent z': 'agentVersion contractJson priority sessionToken status updatedAt' },
      (s) => s.agentRegistry.upsertAgent({ agentId: 'z', ...AGENT }),
    ),
    act('the same agent again', { 'agent z': 'updatedAt' }, (s) =>
      s.agentRegistry.upsertAgent({ agentId: 'z', ...AGENT }),
    ),
    act('a status', { 'agent z': 'status suspensionReason updatedAt' }, (s) =>
      s.agentRegistry.updateStatus('z', 'new', 'new'),
    ),
    act('a status of nobody', {}, (s) => s.agentRegistry.updateStatus('Z', 'new', 'new')),
  ],
  context: [
    act('a session', { 'session b': 'dataJson updatedAt' }, (s) => s.context.setSession('b', '7')),
    act('a state', { 'state b': 'dataJson updatedAt' }, (s) => s.context.setState('b', '8')),
    act('a new state', { 'state a': 'new' }, (s) => s.context.setState('a', '8')),
    act('a swap that is refused', {}, (s) => s.context.compareAndSetSession('b', '8', '9')),
    act('a swap of nothing', {}, (s) => s.context.compareAndSetState('none', '8', '9')),
    act('a swap', { 'session b': 'dataJson updatedAt' }, (s) =>
      s.context.compareAndSetSession('b', '7', '9'),
    ),
    act('a swap of a state', { 'state b': 'dataJson updatedAt' }, (s) =>
      s.context.compareAndSetState('b', '8', '9'),
    ),
    act('a first state', { 'state new': 'new' }, (s) => s.context.compareAndSetState('new', null, '9')),
  ],
  idempotency: [
    act('a result over another', { 'idempotency done': 'createdAt resultJson' }, (s) =>
      s.idempotency.set('done', { n: 7 }),
    ),
    act('a result that is there', {}, (s) => s.idempotency.setIfAbsent('done', { n: 8 })),
    act('a claim of a result', {}, (s) => s.idempotency.claim('done', { leaseSec: 600 })),
    act('a claim of a claim', {}, (s) => s.idempotency.claim('claimed', { leaseSec: 6, requestHash: 'B' })),
    act('a claim for another request', {}, (s) =>
      s.idempotency.claim('completed', { leaseSec: 6, requestHash: 'Z' }),
    ),
    act('a claim renewed with a wrong token', {}, (s) => s.idempotency.renewClaim('claimed', 'x', 6)),
    act('a claim renewed, of which no more is told than before', {}, (s, token) =>
      s.idempotency.renewClaim('mine', token, 6_000),
    ),
    act('a result of a claim with a wrong token', {}, (s) =>
      s.idempotency.complete('claimed', 'x', { n: 9 }),
    ),
    act('an end of a claim with a wrong token', {}, (s) => s.idempotency.abandon('claimed', 'x')),
    act('a new claim', { 'idempotency n': 'new' }, (s) => s.idempotency.claim('n', { leaseSec: 600 })),
    act('a result over a claim', { 'idempotency n': 'claimedAt createdAt resultJson' }, (s) =>
      s.idempotency.setIfAbsent('n', { n: 1 }),
    ),
    act('the end of a claim', { 'idempotency mine': 'claimedAt createdAt resultJson' }, (s, token) =>
      s.idempotency.complete('mine', token, { n: 1 }),
    ),
    act('the same once more', {}, (s, token) => s.idempotency.complete('mine', token, { n: 2 })),
    act('the renewal of what has ended', {}, (s, token) => s.idempotency.renewClaim('mine', token, 60)),
    act('the end of what has ended', {}, (s, token) => s.idempotency.abandon('mine', token)),
    act('a claim given up', {}, async (s) => {
      const claim = await s.idempotency.claim('gone', { leaseSec: 600, requestHash: 'x' })
      return s.idempotency.abandon('gone', claim.state === 'started' ? claim.token : '')
    }),
  ],
  decisionAudit: [
    act('an event', { 'event 6': 'new' }, (s) => s.decisionAudit.record('flow 1', 'E')),
    act('two events', { 'event 7': 'new', 'event 8': 'new' }, (s) =>
      s.decisionAudit.recordMany([
        { dfid: 'flow 0', event: 'E' },
        { dfid: 'z', event: 'E' },
      ]),
    ),
    act('two events that are equal', { 'event 9': 'new', 'event 10': 'new' }, (s) =>
      s.decisionAudit.recordMany([
        { dfid: 'z', event: 'E' },
        { dfid: 'z', event: 'E' },
      ]),
    ),
    act('no events', {}, (s) => s.decisionAudit.recordMany([])),
  ],
  saga: [
    act('a mark again', { 'dirtyFlow a': 'createdAt failedStep partialStateJson' }, (s) =>
      s.saga.markDirty('a', 'again', '7'),
    ),
    act('the same mark again', { 'dirtyFlow a': 'createdAt' }, (s) => s.saga.markDirty('a', 'again', '7')),
    act('a mark removed', { 'dirtyFlow b': 'gone' }, (s) => s.saga.clearDirty('b')),
    act('a mark that is not there', {}, (s) => s.saga.clearDirty('b')),
  ],
  resourceLock: [
    act('a hold replaced', { 'hold z b': 'acquiredAt amount fence' }, (s) =>
      s.resourceLock.acquireBatch('z', { b: 7 }, 5),
    ),
    act('a hold without room', {}, (s) =>
      s.resourceLock.acquireBatch('z', { b: 7, a: 1 }, 5, { capacities: { a: 1, b: 100 } }),
    ),
    act('nothing acquired', {}, (s) => s.resourceLock.acquireBatch('z', {}, 5)),
    act('a lease renewed', { 'hold a a': 'expiresAt' }, (s) => s.resourceLock.renew('a', 6_000)),
    act('no lease renewed', {}, (s) => s.resourceLock.renew('z', 6_000)),
    act('a lease renewed up to an old fence', {}, (s) => s.resourceLock.renew('a', 60, { fence: 1 })),
    act('a lease given', { 'hold z a': 'acquiredAt amount expiresAt fence' }, (s) =>
      s.resourceLock.acquireBatch('z', { a: 7 }, 5, { leaseSec: 600 }),
    ),
    act('a lease taken back', { 'hold z a': 'acquiredAt expiresAt fence' }, (s) =>
      s.resourceLock.acquireBatch('z', { a: 7 }, 5),
    ),
    act('nothing released', {}, (s) => s.resourceLock.release('b')),
    act('a release up to an old fence', {}, (s) => s.resourceLock.release('z', { fence: 1 })),
    act('a release', { 'hold z a': 'gone', 'hold z b': 'gone' }, (s) => s.resourceLock.release('z')),
  ],
  intentRetry: [
    act('a count', { 'retryCount b': 'count updatedAt' }, (s) => s.intentRetry.setCount('b', 7)),
    act('the same count', { 'retryCount b': 'updatedAt' }, (s) => s.intentRetry.setCount('b', 7)),
    act('one more', { 'retryCount b': 'count updatedAt' }, (s) => s.intentRetry.increment('b')),
    act('one too many', {}, (s) => s.intentRetry.increment('a')),
    act('a first one', { 'retryCount n': 'new' }, (s) => s.intentRetry.increment('n')),
    act('a count removed', { 'retryCount a': 'gone' }, (s) => s.intentRetry.delete('a')),
    act('a count that is not there', {}, (s) => s.intentRetry.delete('a')),
  ],
  escalation: [
    act('a token', { 'budgetToken b 3': 'new' }, (s) => s.escalation.recordBudgetToken('b')),
    act('a budget that is used up', {}, (s) => s.escalation.tryConsumeBudget('b', { ...HOUR, limit: 3 })),
    act('a request beyond it', {}, (s) =>
      s.escalation.requestWithinBudget(aRequest('c', 'b', REQUEST), { ...HOUR, limit: 3 }),
    ),
    act('a budget', { 'budgetToken b 4': 'new' }, (s) =>
      s.escalation.tryConsumeBudget('b', { ...HOUR, limit: 4 }),
    ),
    act('a request within it', { 'budgetToken b 5': 'new', 'request n': 'new' }, (s) =>
      s.escalation.requestWithinBudget(aRequest('n', 'b', REQUEST), { ...HOUR, limit: 5 }),
    ),
    act('a request again', { 'request c': 'agentId contextJson createdAt impact proposalJson reason' }, (s) =>
      s.escalation.insertRequest(aRequest('c', 'new', REQUEST)),
    ),
    act('a decision', { 'request c': 'decision proposalJson resolvedAt resolvedBy status' }, (s) =>
      s.escalation.resolveRequest('c', '2026-03-01', 'new', '9', { resolvedBy: 'new' }),
    ),
    act('a second decision', {}, (s) =>
      s.escalation.resolveRequest('c', '2026-03-02', 'x', '1', { resolvedBy: 'x' }),
    ),
    act('a decision that keeps the proposal', { 'request b': 'decision resolvedAt status' }, (s) =>
      s.escalation.resolveRequest('b', '2026-03-01', 'new', null),
    ),
    act('a decision of nobody', {}, (s) => s.escalation.resolveRequest('B', '2026-03-01', 'x', null)),
    act('a decision on another time', {}, (s) =>
      s.escalation.resolveRequest('n', '2026-03-01', 'x', null, { createdAt: '2000-01-01' }),
    ),
    act('the same request again', { 'request c': 'createdAt decision resolvedAt resolvedBy status' }, (s) =>
      s.escalation.insertRequest(aRequest('c', 'new', { ...REQUEST, proposalJson: '9' })),
    ),
  ],
  lifecycle: [
    act('a transition', { 'transition b 3': 'new' }, (s) => s.lifecycle.recordTransition('b', null, 'T')),
    act('one that is refused', {}, (s) => s.lifecycle.transition('b', 'S', 'U')),
    act('one that is not', { 'transition b 4': 'new' }, (s) => s.lifecycle.transition('b', 'T', 'U')),
  ],
}
