import type { Batch, Capability, StorageHandle } from '@dir/storage-core'
import { aRequest, anAgent } from './samples.ts'

export type Expected = readonly [
  code: 'STORAGE_CONFLICT' | 'STORAGE_INSUFFICIENT_CAPACITY' | 'STORAGE_INVALID_ARGUMENT',
  fields: object,
]

/** A condition that is false on the state that `prepare` makes, or that its own batch makes before it. */
export interface FalseCondition {
  readonly words: string
  readonly title: string
  readonly prepare: (storage: StorageHandle, one: string) => Promise<unknown>
  readonly record: (batch: Batch, one: string) => void
  /** How many operations `record` records before the one that fails. */
  readonly earlier?: number
  readonly expected: (one: string) => Expected
  readonly capabilities?: readonly Capability[]
}

/** What a batch rejects with where this is false. */
export const conflict = (protocol: string, operation: string, found: string | null) => (): Expected => [
  'STORAGE_CONFLICT',
  { protocol, operation, outcome: 'not-applied', retryable: false, found },
]

export const FALSE_CONDITIONS: readonly FalseCondition[] = [
  {
    words: 'a-session-that-changed',
    title: 'the session is another text',
    prepare: ({ context }, one) => context.setSession(one, '1'),
    record: (batch, one) => batch.context.compareAndSetSession(one, '1 ', '9'),
    expected: conflict('context', 'compareAndSetSession', 'other'),
  },
  {
    words: 'a-state-that-is-there',
    title: 'the state is there',
    prepare: ({ context }, one) => context.setState(one, '1'),
    record: (batch, one) => batch.context.compareAndSetState(one, null, '9'),
    expected: conflict('context', 'compareAndSetState', 'other'),
  },
  {
    words: 'a-state-that-is-not-there',
    title: 'there is no state',
    prepare: () => Promise.resolve(),
    record: (batch, one) => batch.context.compareAndSetState(one, '1', '9'),
    expected: conflict('context', 'compareAndSetState', null),
  },
  {
    words: 'an-expected-session',
    title: 'expectSession finds another text',
    prepare: ({ context }, one) => context.setSession(one, '1'),
    record: (batch, one) => batch.expectSession(one, null),
    expected: conflict('context', 'expectSession', 'other'),
  },
  {
    words: 'an-expected-session-that-is-not-there',
    title: 'expectSession finds no session',
    prepare: () => Promise.resolve(),
    record: (batch, one) => batch.expectSession(one, ''),
    expected: conflict('context', 'expectSession', null),
  },
  {
    words: 'an-expected-status',
    title: 'expectStatus finds another status',
    prepare: ({ lifecycle }, one) => lifecycle.recordTransition(one, null, 'A'),
    record: (batch, one) => batch.expectStatus(one, 'B'),
    expected: conflict('lifecycle', 'expectStatus', 'A'),
  },
  {
    words: 'an-expected-status-that-was',
    title: 'expectStatus names a status that the flow has left',
    prepare: ({ lifecycle }, one) =>
      lifecycle.recordTransition(one, null, 'A').then(() => lifecycle.recordTransition(one, 'A', 'B')),
    record: (batch, one) => batch.expectStatus(one, 'A'),
    expected: conflict('lifecycle', 'expectStatus', 'B'),
  },
  {
    words: 'an-expected-session-in-other-bytes',
    title: 'expectSession finds the same value in other bytes',
    prepare: ({ context }, one) => context.setSession(one, '{"a": 1}'),
    record: (batch, one) => batch.expectSession(one, '{"a":1}'),
    expected: conflict('context', 'expectSession', 'other'),
  },
  {
    words: 'an-expected-status-of-none',
    title: 'expectStatus finds no transition',
    prepare: () => Promise.resolve(),
    record: (batch, one) => batch.expectStatus(one, ''),
    expected: conflict('lifecycle', 'expectStatus', null),
  },
  {
    words: 'an-expected-status-of-none-where-one-is-empty',
    title: 'expectStatus finds a status that is an empty text',
    prepare: ({ lifecycle }, one) => lifecycle.recordTransition(one, null, ''),
    record: (batch, one) => batch.expectStatus(one, null),
    expected: conflict('lifecycle', 'expectStatus', ''),
  },
  {
    words: 'a-transition-from-elsewhere',
    title: 'the flow is in another status',
    prepare: ({ lifecycle }, one) => lifecycle.recordTransition(one, null, 'A'),
    record: (batch, one) => batch.lifecycle.transition(one, null, 'B'),
    expected: conflict('lifecycle', 'transition', 'A'),
  },
  {
    words: 'a-capacity',
    title: 'an acquire finds no room',
    prepare: ({ resourceLock }, one) => resourceLock.acquireBatch(`${one} other`, { [one]: 2 }, 0),
    record: (batch, one) =>
      batch.resourceLock.acquireBatch(one, { [one]: 1 }, 0, { capacities: { [one]: 2.5 } }),
    expected: (one) => [
      'STORAGE_INSUFFICIENT_CAPACITY',
      {
        protocol: 'resourceLock',
        operation: 'acquireBatch',
        resourceId: one,
        requested: 1,
        locked: 2,
        capacity: 2.5,
      },
    ],
  },
  {
    words: 'a-full-count',
    title: 'an increment finds the largest count',
    prepare: ({ intentRetry }, one) => intentRetry.setCount(one, 2_147_483_647),
    record: (batch, one) => batch.intentRetry.increment(one),
    expected: () => ['STORAGE_INVALID_ARGUMENT', { protocol: 'intentRetry', operation: 'increment' }],
  },
  {
    words: 'an-agent-that-is-not-there',
    title: 'updateStatus finds no agent',
    prepare: () => Promise.resolve(),
    record: (batch, one) => batch.agentRegistry.updateStatus(one, 'SUSPENDED', null),
    expected: conflict('agentRegistry', 'updateStatus', null),
  },
  {
    words: 'an-agent-that-the-batch-brings',
    title: 'updateStatus finds an agent only after the batch has written it',
    prepare: () => Promise.resolve(),
    record(batch, one) {
      batch.agentRegistry.upsertAgent(anAgent(one))
      batch.agentRegistry.updateStatus(one, 'SUSPENDED', null)
    },
    earlier: 1,
    expected: conflict('agentRegistry', 'updateStatus', null),
  },
  {
    words: 'a-request-that-is-not-there',
    title: 'nothing was asked of a human',
    prepare: () => Promise.resolve(),
    record: (batch, one) => batch.escalation.resolveRequest(one, '2026-03-01', 'APPROVE', null),
    expected: conflict('escalation', 'resolveRequest', null),
  },
  {
    words: 'a-decision-that-was-made',
    title: 'a human has decided on the request already',
    async prepare({ escalation }, one) {
      await escalation.insertRequest(aRequest(one, one))
      await escalation.resolveRequest(one, '2026-03-01', 'REJECT', null)
    },
    record: (batch, one) => batch.escalation.resolveRequest(one, '2026-03-02', 'APPROVE', null),
    expected: conflict('escalation', 'resolveRequest', 'RESOLVED'),
  },
  {
    words: 'a-request-that-the-batch-opens',
    title: 'the request is pending only after the batch has opened it',
    async prepare({ escalation }, one) {
      await escalation.insertRequest(aRequest(one, one))
      await escalation.resolveRequest(one, '2026-03-01', 'REJECT', null)
    },
    record(batch, one) {
      batch.escalation.insertRequest(aRequest(one, one))
      batch.escalation.resolveRequest(one, '2026-03-02', 'APPROVE', null)
    },
    earlier: 1,
    expected: conflict('escalation', 'resolveRequest', 'RESOLVED'),
  },
  {
    words: 'a-request-of-another-time',
    title: 'the request was opened again since its `createdAt` was read',
    prepare: ({ escalation }, one) => escalation.insertRequest(aRequest(one, one)),
    record: (batch, one) =>
      batch.escalation.resolveRequest(one, '2026-03-01', 'APPROVE', null, { createdAt: '2026-03-01' }),
    expected: conflict('escalation', 'resolveRequest', 'PENDING'),
  },
]
