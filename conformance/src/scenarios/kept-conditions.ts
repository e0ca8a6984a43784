import type { Batch, StorageHandle } from '@dir/storage-core'

/** A condition of a batch that a rival can make false before the batch commits. */
export interface KeptCondition {
  readonly words: string
  readonly leases?: true
  /** Makes the condition true of `id`. @returns what `judge` needs to know. */
  readonly prepare: (storage: StorageHandle, id: string) => Promise<string>
  readonly judge: (batch: Batch, id: string, known: string, racer: number) => void
  /** Makes it false, in a batch or alone. */
  readonly spoil: (on: Batch | StorageHandle, id: string, known: string) => unknown
}

const nothing = (written: Promise<unknown>): Promise<string> => written.then(() => '')

const claimed = async ({ idempotency }: StorageHandle, key: string): Promise<string> => {
  const claim = await idempotency.claim(key, { leaseSec: 3_600 })
  return claim.state === 'started' ? claim.token : claim.state
}

const REQUEST = { agentId: 'agent', reason: '', contextJson: '{}', proposalJson: '{}', impact: '' }
const DECIDED = '2026-03-01'

export const KEPT_CONDITIONS: readonly KeptCondition[] = [
  {
    words: 'expectStatus',
    prepare: ({ lifecycle }, id) => nothing(lifecycle.recordTransition(id, null, 'S')),
    judge: (batch, id) => batch.expectStatus(id, 'S'),
    spoil: ({ lifecycle }, id) => lifecycle.recordTransition(id, 'S', 'T'),
  },
  {
    words: 'expectSession',
    prepare: ({ context }, id) => nothing(context.setSession(id, '0')),
    judge: (batch, id) => batch.expectSession(id, '0'),
    spoil: ({ context }, id) => context.setSession(id, '1'),
  },
  {
    words: 'expectSession-of-none',
    prepare: () => Promise.resolve(''),
    judge: (batch, id) => batch.expectSession(id, null),
    spoil: ({ context }, id) => context.setSession(id, '1'),
  },
  {
    words: 'transition',
    prepare: () => Promise.resolve(''),
    judge: (batch, id, _, racer) => batch.lifecycle.transition(id, null, `U${racer}`),
    spoil: ({ lifecycle }, id) => lifecycle.recordTransition(id, null, 'T'),
  },
  {
    words: 'compareAndSetSession',
    prepare: ({ context }, id) => nothing(context.setSession(id, '0')),
    judge: (batch, id) => batch.context.compareAndSetSession(id, '0', '2'),
    spoil: ({ context }, id) => context.setSession(id, '1'),
  },
  {
    words: 'compareAndSetState',
    prepare: () => Promise.resolve(''),
    judge: (batch, id) => batch.context.compareAndSetState(id, null, '2'),
    spoil: ({ context }, id) => context.setState(id, '1'),
  },
  {
    words: 'renewClaim',
    prepare: claimed,
    judge: (batch, key, token) => batch.idempotency.renewClaim(key, token, 7_200),
    spoil: ({ idempotency }, key) => idempotency.set(key, { n: 2 }),
  },
  {
    words: 'complete',
    prepare: claimed,
    judge: (batch, key, token) => batch.idempotency.complete(key, token, { n: 1 }),
    spoil: ({ idempotency }, key) => idempotency.set(key, { n: 2 }),
  },
  {
    words: 'abandon',
    prepare: claimed,
    judge: (batch, key, token) => batch.idempotency.abandon(key, token),
    spoil: ({ idempotency }, key) => idempotency.set(key, { n: 2 }),
  },
  {
    words: 'resolveRequest',
    prepare: ({ escalation }, dfid) => nothing(escalation.insertRequest({ ...REQUEST, dfid })),
    judge: (batch, dfid, _, racer) => batch.escalation.resolveRequest(dfid, DECIDED, `by ${racer}`, null),
    spoil: ({ escalation }, dfid) => escalation.resolveRequest(dfid, DECIDED, 'no', null),
  },
  {
    words: 'renew',
    leases: true,
    prepare: ({ resourceLock }, dfid) =>
      nothing(resourceLock.acquireBatch(dfid, { [dfid]: 1 }, 30, { leaseSec: 3_600 })),
    judge: (batch, dfid) => batch.resourceLock.renew(dfid, 7_200),
    spoil: ({ resourceLock }, dfid) => resourceLock.release(dfid),
  },
  {
    words: 'acquire',
    prepare: () => Promise.resolve(''),
    judge: (batch, id, _, racer) =>
      batch.resourceLock.acquire(`${id} ${racer}`, { [id]: 1 }, 5, { capacities: { [id]: 1 } }),
    // there can be one acquire in a batch: the other side takes the room by a condition, too, or alone
    spoil: (on, id) =>
      'atomically' in on ? on.resourceLock.acquireBatch(`${id} rival`, { [id]: 1 }, 5) : undefined,
  },
]
