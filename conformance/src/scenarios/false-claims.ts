import type { StorageHandle } from '@dir/storage-core'
import { type FalseCondition, conflict } from './false-conditions.ts'

const LEASE = { leaseSec: 60, requestHash: 'A' }

/** Claims, and ends it so. */
const ended =
  (end: (storage: StorageHandle, key: string, token: string) => Promise<unknown>) =>
  async (storage: StorageHandle, key: string): Promise<void> => {
    const claim = await storage.idempotency.claim(key, LEASE)
    if (claim.state === 'started') await end(storage, key, claim.token)
  }

/** Conditions of a batch on claims. */
export const FALSE_CLAIMS: readonly FalseCondition[] = [
  {
    words: 'a-claim-that-a-result-voids',
    title: 'renewClaim finds a result in place of the claim',
    prepare: ({ idempotency }, one) => idempotency.set(one, {}),
    record: (batch, one) => batch.idempotency.renewClaim(one, 'another', 60),
    expected: conflict('idempotency', 'renewClaim', 'finished'),
  },
  {
    words: 'a-claim-of-somebody-else',
    title: 'complete has not the current token',
    prepare: ({ idempotency }, one) => idempotency.claim(one, { leaseSec: 60 }),
    record: (batch, one) => batch.idempotency.complete(one, 'another', {}),
    expected: conflict('idempotency', 'complete', 'claimed'),
  },
  {
    words: 'a-claim-that-is-not-there',
    title: 'abandon finds no claim',
    prepare: () => Promise.resolve(),
    record: (batch, one) => batch.idempotency.abandon(one, 'token'),
    expected: conflict('idempotency', 'abandon', null),
  },
  {
    words: 'a-claim-that-was-completed',
    title: 'complete finds the result of a claim that was ended by one',
    prepare: ended(({ idempotency }, key, token) => idempotency.complete(key, token, {})),
    record: (batch, one) => batch.idempotency.complete(one, 'another', {}),
    expected: conflict('idempotency', 'complete', 'finished'),
  },
  {
    words: 'a-claim-that-was-abandoned',
    title: 'complete finds nothing of a claim that was given back',
    prepare: ended(({ idempotency }, key, token) => idempotency.abandon(key, token)),
    record: (batch, one) => batch.idempotency.complete(one, 'another', {}),
    expected: conflict('idempotency', 'complete', null),
  },
  {
    words: 'a-claim-that-ran-out',
    title: 'renewClaim has not the token of a claim that ran out',
    prepare: ({ idempotency }, one) => idempotency.claim(one, { leaseSec: 1e-6 }),
    record: (batch, one) => batch.idempotency.renewClaim(one, 'another', 60),
    expected: conflict('idempotency', 'renewClaim', 'claimed'),
  },
]
