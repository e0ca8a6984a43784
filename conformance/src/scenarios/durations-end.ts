import { setTimeout as sleep } from 'node:timers/promises'
import type { Scenario, ScenarioContext } from '../scenario.ts'
import { Inconclusive } from '../verdict.ts'
import { group } from './kit.ts'

/** Does `act`, and tells how old, in seconds, what `before` brought about was then at most. */
async function aged<T>(before: () => Promise<unknown>, waitMs: number, act: () => Promise<T>) {
  const begun = performance.now()
  await before()
  await sleep(waitMs)
  const answer = await act()
  return { answer, most: (performance.now() - begun) / 1000 }
}

/**
 * What lasts so many seconds is there before, and gone after: `begin` brings it about under an id, `isThere` looks at it.
 * Where nothing is answered before it ends, it is tried again with half as many more. A clock of the backend's own may run
 * a little otherwise, hence the 20 ms.
 */
async function ends(
  { id, assert }: ScenarioContext,
  shortest: number,
  begin: (id: string, seconds: number) => Promise<unknown>,
  isThere: (id: string, seconds: number) => Promise<boolean>,
): Promise<void> {
  for (let seconds = shortest; seconds < 20 * shortest; seconds *= 1.5) {
    const [early, late] = [id('early'), id('late')]
    const soon = await aged(
      () => begin(early, seconds),
      0,
      () => isThere(early, seconds),
    )
    const wasInTime = soon.most < seconds - 0.02
    if (wasInTime) assert.ok(soon.answer, `there before ${seconds} seconds`)
    const after = await aged(
      () => begin(late, seconds),
      seconds * 1000 + 20,
      () => isThere(late, seconds),
    )
    assert.ok(!after.answer, `gone after ${seconds} seconds`)
    if (wasInTime) return
  }
  throw new Inconclusive(`Nothing was answered within ${20 * shortest} seconds.`)
}

export const scenarios: readonly Scenario[] = [
  ...group({ level: 'atomic', protocols: ['resourceLock'], capabilities: ['capacities', 'leases'] }, [
    {
      id: 'durations/leases-end-neither-early-nor-late',
      title: 'a leased hold is there until its lease is over and not longer, in fractions of a second',
      clause: "a hold whose expiresAt is not after the backend's now does not exist for any method",
      asserts: 3,
      async run(context) {
        const { resourceLock } = context.storage
        await ends(
          context,
          0.4,
          (one, leaseSec) => resourceLock.acquireBatch(one, { [one]: 1 }, 5, { leaseSec }),
          async (one) => (await resourceLock.getLockedAmount(one, null)) === 1,
        )
        await ends(
          context,
          0.6,
          async (one, leaseSec) => {
            await resourceLock.acquireBatch(one, { [one]: 1 }, 5, { leaseSec: 1_000 })
            await resourceLock.renew(one, leaseSec)
          },
          async (one) => (await resourceLock.getHolds({ dfid: one })).length === 1,
        )
      },
    },
    {
      id: 'durations/leases-end-for-others-and-for-renewals',
      title:
        'the room of a lease is free for others, and it is renewed no more, from the moment that it is over',
      clause: 'leases are judged inside the atomic step',
      asserts: 4,
      async run(context) {
        const { resourceLock } = context.storage
        const full = (one: string) => ({ capacities: { [one]: 1 } })
        await ends(
          context,
          0.4,
          (one, leaseSec) => resourceLock.acquireBatch(one, { [one]: 1 }, 5, { leaseSec }),
          (one) =>
            resourceLock.acquireBatch(`${one} other`, { [one]: 1 }, 5, full(one)).then(
              () => false,
              (error: { code?: string }) => error.code === 'STORAGE_INSUFFICIENT_CAPACITY',
            ),
        )
        await ends(
          context,
          0.5,
          (one, leaseSec) => resourceLock.acquireBatch(one, { [one]: 1 }, 5, { leaseSec }),
          (one) => resourceLock.renew(one, 600),
        )
      },
    },
  ]),
  ...group({ level: 'atomic', protocols: ['idempotency'] }, [
    {
      id: 'durations/claims-end-neither-early-nor-late',
      title:
        'a claim is in flight until its lease, renewed or not, is over and not longer, in fractions of a second',
      clause: 'ambiguous: a claim that ran out unfinished',
      asserts: 3,
      async run(context) {
        const { idempotency } = context.storage
        await ends(
          context,
          0.4,
          (key, leaseSec) => idempotency.claim(key, { leaseSec }),
          async (key, leaseSec) => (await idempotency.claim(key, { leaseSec })).state === 'inFlight',
        )
        await ends(
          context,
          0.5,
          async (key, leaseSec) => {
            const claim = await idempotency.claim(key, { leaseSec: 1_000 })
            if (claim.state === 'started') await idempotency.renewClaim(key, claim.token, leaseSec)
          },
          async (key, leaseSec) => (await idempotency.claim(key, { leaseSec })).state === 'inFlight',
        )
      },
    },
  ]),
  ...group({ level: 'atomic', protocols: ['escalation'] }, [
    {
      id: 'durations/windows-end-neither-early-nor-late',
      title:
        'a token counts in a window until it is older than that and not longer, in fractions of a second',
      clause: 'windowSec: tokens of the last so many seconds count',
      asserts: 4,
      async run(context) {
        const { escalation } = context.storage
        for (const windowSec of [0.4, 1.3])
          await ends(
            context,
            windowSec,
            (agentId) => escalation.recordBudgetToken(agentId),
            async (agentId) =>
              (await escalation.tryConsumeBudget(agentId, { limit: 0, windowSec })).used === 1,
          )
      },
    },
  ]),
]
