import { setTimeout as sleep } from 'node:timers/promises'
import type { Scenario, ScenarioContext } from '../scenario.ts'
import { Inconclusive } from '../verdict.ts'
import { group } from './kit.ts'

/** Does `act`, and tells between which and which age, in seconds, what `before` brought about was then. */
async function aged<T>(before: () => Promise<unknown>, waitMs: number, act: () => Promise<T>) {
  const begun = performance.now()
  await before()
  const done = performance.now()
  await sleep(waitMs)
  const asked = performance.now()
  const answer = await act()
  const answered = performance.now()
  return { answer, least: (asked - done) / 1000, most: (answered - begun) / 1000 }
}

/**
 * What lasts `seconds` is there before, and gone after: `begin` brings it about under an id, `isThere` looks at it.
 * A clock of the backend's own may run a little otherwise, hence the 20 ms.
 */
async function ends(
  { id, assert }: ScenarioContext,
  seconds: number,
  begin: (id: string) => Promise<unknown>,
  isThere: (id: string) => Promise<boolean>,
): Promise<void> {
  let wasSeen = false
  for (let tries = 0; tries < 20 && !wasSeen; tries++) {
    const [early, late] = [id('early'), id('late')]
    const soon = await aged(
      () => begin(early),
      0,
      () => isThere(early),
    )
    if (soon.most < seconds - 0.02) {
      assert.ok(soon.answer, `there before ${seconds} seconds`)
      wasSeen = true
    }
    const after = await aged(
      () => begin(late),
      seconds * 1000 + 20,
      () => isThere(late),
    )
    if (after.least > seconds + 0.015) assert.ok(!after.answer, `gone after ${seconds} seconds`)
  }
  if (!wasSeen) throw new Inconclusive(`Nothing was answered within ${seconds} seconds.`)
}

export const scenarios: readonly Scenario[] = [
  ...group({ level: 'atomic', protocols: ['resourceLock'], capabilities: ['leases'] }, [
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
          (one) => resourceLock.acquireBatch(one, { [one]: 1 }, 5, { leaseSec: 0.4 }),
          async (one) => (await resourceLock.getLockedAmount(one, null)) === 1,
        )
        await ends(
          context,
          0.6,
          async (one) => {
            await resourceLock.acquireBatch(one, { [one]: 1 }, 5, { leaseSec: 1_000 })
            await resourceLock.renew(one, 0.6)
          },
          async (one) => (await resourceLock.getHolds({ dfid: one })).length === 1,
        )
      },
    },
  ]),
  ...group({ level: 'atomic', protocols: ['idempotency'] }, [
    {
      id: 'durations/claims-end-neither-early-nor-late',
      title: 'a claim is in flight until its lease is over and not longer, in fractions of a second',
      clause: 'ambiguous: a claim that ran out unfinished',
      asserts: 2,
      async run(context) {
        const { idempotency } = context.storage
        await ends(
          context,
          0.4,
          (key) => idempotency.claim(key, { leaseSec: 0.4 }),
          async (key) => (await idempotency.claim(key, { leaseSec: 0.4 })).state === 'inFlight',
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
