import { type FalseCondition, conflict } from './false-conditions.ts'

/** Conditions of a batch on leases of holds. */
export const FALSE_LEASES: readonly FalseCondition[] = [
  {
    words: 'a-lease-that-is-not-there',
    title: 'renew finds holds, and none with a lease',
    prepare: ({ resourceLock }, one) => resourceLock.acquireBatch(one, { [one]: 1 }, 0),
    record: (batch, one) => batch.resourceLock.renew(one, 60),
    expected: conflict('resourceLock', 'renew', null),
    capabilities: ['leases'],
  },
  {
    words: 'a-lease-that-is-newer',
    title: 'renew finds only a lease that is newer than its fence',
    prepare: ({ resourceLock }, one) => resourceLock.acquireBatch(one, { [one]: 1 }, 0, { leaseSec: 600 }),
    record: (batch, one) => batch.resourceLock.renew(one, 60, { fence: 0 }),
    expected: conflict('resourceLock', 'renew', null),
    capabilities: ['leases'],
  },
  {
    words: 'a-lease-that-the-batch-takes',
    title: 'renew finds a lease only after the batch has acquired it',
    prepare: () => Promise.resolve(),
    record(batch, one) {
      batch.resourceLock.acquireBatch(one, { [one]: 1 }, 0, { leaseSec: 600 })
      batch.resourceLock.renew(one, 60)
    },
    earlier: 1,
    expected: conflict('resourceLock', 'renew', null),
    capabilities: ['leases'],
  },
]
