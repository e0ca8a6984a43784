import type { StorageHandle } from '@dir/storage-core'
import { microsOf } from '@dir/storage-core/adapter'
import type { Scenario } from '../scenario.ts'
import { group, range } from './kit.ts'

// What has ended by the backend's own clock is over. The very moment at which it ends can be met only where that clock is
// the one of this process, to the millisecond; where it is another, nothing more is looked at.

const LEASE_MS = 4
const LEASE = { leaseSec: LEASE_MS / 1_000 }
const BUDGET = { limit: 0, windowSec: LEASE_MS / 1_000 }

const full = (id: string) => ({ capacities: { [id]: 1 } })

/** What ends after `LEASE_MS`, looked at once it does. */
interface Ending {
  readonly words: string
  /** @returns when it ends, in milliseconds, if that is told. */
  readonly begin: (storage: StorageHandle, id: string) => Promise<number | undefined>
  readonly look: (storage: StorageHandle, id: string) => Promise<unknown>
  readonly expected: unknown
}

const hold: Ending['begin'] = async ({ resourceLock }, id) => {
  const grant = await resourceLock.acquire(id, { [id]: 1 }, 5, LEASE)
  return microsOf(grant?.expiresAt ?? '') / 1_000
}

const ENDINGS: readonly Ending[] = [
  {
    words: 'a hold is not locked any more',
    begin: hold,
    look: ({ resourceLock }, id) => resourceLock.getLockedAmount(id, null),
    expected: 0,
  },
  {
    words: 'a hold is not listed any more',
    begin: hold,
    look: ({ resourceLock }, id) => resourceLock.getHolds({ dfid: id }),
    expected: [],
  },
  {
    words: 'the room of a hold is free',
    begin: hold,
    look: ({ resourceLock }, id) =>
      resourceLock.acquireBatch(`${id} other`, { [id]: 1 }, 5, full(id)).catch(() => 'refused'),
    expected: true,
  },
  {
    words: 'a hold is renewed no more',
    begin: hold,
    look: ({ resourceLock }, id) => resourceLock.renew(id, 60),
    expected: false,
  },
  {
    words: 'a claim is in flight no more',
    begin: async ({ idempotency }, id) => {
      await idempotency.claim(id, LEASE)
      const claim = await idempotency.claim(id, LEASE)
      return claim.state === 'inFlight' ? microsOf(claim.until) / 1_000 : undefined
    },
    look: async ({ idempotency }, id) => (await idempotency.claim(id, LEASE)).state,
    expected: 'ambiguous',
  },
]

/** Its time is not told: it is the one of this process where the backend's clock is. */
const TOKEN: Ending = {
  words: 'a token is still in the window',
  begin: async ({ escalation }, id) => {
    const before = Date.now()
    await escalation.recordBudgetToken(id)
    return Date.now() === before ? before + LEASE_MS : undefined
  },
  look: async ({ escalation }, id) => (await escalation.tryConsumeBudget(id, BUDGET)).used,
  expected: 1,
}

/** Whether the backend stamps by the clock of this process: a dozen times that it told are just those seen here. */
async function sharesClock(storage: StorageHandle, newId: () => string): Promise<boolean> {
  for (let seen = 0, tries = 0; seen < 12; tries++) {
    if (tries === 200) return false
    const before = Date.now()
    const end = await hold(storage, newId())
    if (Date.now() !== before) continue
    if (end !== before + LEASE_MS) return false
    seen++
  }
  return true
}

/** Waits until something has ended by the backend's clock, which each new lease tells. */
async function untilOver(end: number, storage: StorageHandle, newId: () => string): Promise<void> {
  while (((await hold(storage, newId())) ?? end) < end + LEASE_MS);
}

/** What is seen in the millisecond in which it ends; undefined where that was missed. */
async function atItsEnd({ begin, look }: Ending, storage: StorageHandle, id: string): Promise<unknown[]> {
  const end = await begin(storage, id)
  if (end === undefined) return []
  while (Date.now() < end); // it lasts some milliseconds, and a timer would miss it
  const before = Date.now()
  const seen = await look(storage, id)
  return before === end && Date.now() === end ? [seen] : []
}

export const scenarios: readonly Scenario[] = group(
  {
    level: 'atomic',
    protocols: ['resourceLock', 'idempotency', 'escalation'],
    capabilities: ['capacities', 'leases', 'claim', 'budget'],
  },
  [
    {
      id: 'durations/end-at-their-moment',
      title: 'a lease is over in the very moment that it tells, and a token as old as the window is in it',
      clause:
        "expiresAt is not after the backend's now: it does not exist; at or after now − windowSec: it counts",
      asserts: ENDINGS.length,
      async run({ storage, id, assert }) {
        for (const { words, begin, look, expected } of ENDINGS) {
          const own = id('over')
          const end = await begin(storage, own)
          if (end !== undefined) await untilOver(end, storage, () => id('clock'))
          assert.equal(await look(storage, own), expected, words)
        }
        if (!(await sharesClock(storage, () => id('clock')))) return
        for (const ending of [...ENDINGS, TOKEN])
          for (const _ of range(100)) {
            const [seen] = (await atItsEnd(ending, storage, id('moment'))).map((one) => ({ one }))
            if (seen === undefined) continue
            assert.equal(seen.one, ending.expected, ending.words)
            break
          }
      },
    },
  ],
)
