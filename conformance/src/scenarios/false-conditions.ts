import type { Batch, StorageHandle } from '@dir/storage-core'

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
  readonly expected: (one: string) => Expected
}

const conflict = (protocol: string, operation: string) => (): Expected => [
  'STORAGE_CONFLICT',
  { protocol, operation, outcome: 'not-applied', retryable: false },
]

export const FALSE_CONDITIONS: readonly FalseCondition[] = [
  {
    words: 'a-session-that-changed',
    title: 'the session is another text',
    prepare: ({ context }, one) => context.setSession(one, '1'),
    record: (batch, one) => batch.context.compareAndSetSession(one, '1 ', '9'),
    expected: conflict('context', 'compareAndSetSession'),
  },
  {
    words: 'a-state-that-is-there',
    title: 'the state is there',
    prepare: ({ context }, one) => context.setState(one, '1'),
    record: (batch, one) => batch.context.compareAndSetState(one, null, '9'),
    expected: conflict('context', 'compareAndSetState'),
  },
  {
    words: 'an-expected-session',
    title: 'expectSession finds another text',
    prepare: ({ context }, one) => context.setSession(one, '1'),
    record: (batch, one) => batch.expectSession(one, null),
    expected: conflict('context', 'expectSession'),
  },
  {
    words: 'an-expected-status',
    title: 'expectStatus finds another status',
    prepare: ({ lifecycle }, one) => lifecycle.recordTransition(one, null, 'A'),
    record: (batch, one) => batch.expectStatus(one, 'B'),
    expected: conflict('lifecycle', 'expectStatus'),
  },
  {
    words: 'an-expected-status-of-none',
    title: 'expectStatus finds no transition',
    prepare: () => Promise.resolve(),
    record: (batch, one) => batch.expectStatus(one, ''),
    expected: conflict('lifecycle', 'expectStatus'),
  },
  {
    words: 'a-transition-from-elsewhere',
    title: 'the flow is in another status',
    prepare: ({ lifecycle }, one) => lifecycle.recordTransition(one, null, 'A'),
    record: (batch, one) => batch.lifecycle.transition(one, null, 'B'),
    expected: conflict('lifecycle', 'transition'),
  },
  {
    words: 'a-claim-of-somebody-else',
    title: 'complete has not the current token',
    prepare: ({ idempotency }, one) => idempotency.claim(one, { leaseSec: 60 }),
    record: (batch, one) => batch.idempotency.complete(one, 'another', {}),
    expected: conflict('idempotency', 'complete'),
  },
  {
    words: 'a-claim-that-is-not-there',
    title: 'abandon finds no claim',
    prepare: () => Promise.resolve(),
    record: (batch, one) => batch.idempotency.abandon(one, 'token'),
    expected: conflict('idempotency', 'abandon'),
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
]
