/* oxlint-disable unicorn/no-useless-spread -- rows keep the table short */
import { formatMicros, microsOf } from '@dir/storage-core/adapter'
import type { Scenario } from '../scenario.ts'
import { group } from './kit.ts'
import { plant, token } from './plant.ts'
import { aRequest } from './samples.ts'

/** Lengths around those of an hour, a day, a week and a year, at which a clock's text or a number of 32 bits begins again. */
const LENGTHS = [
  ...[0.000_001, 0.25, 0.999_999, 1.5, 59, 61, 3_599, 3_601, 86_399, 86_401, 7 * 86_400 + 1, 32 * 86_400],
  ...[2_147_483.648, 4_294_967.297, 366 * 86_400, 3_650 * 86_400, 1e9],
]

/** Those that are not over while a slow backend is asked about them. */
const LONG = LENGTHS.filter((one) => one > 60)

/** A lease is exact; what is told of its beginning may have been read from the clock a moment earlier or later. */
const SLACK_MICROS = 50_000

/** Whether so many microseconds are these seconds, and what has passed since `begun` at most. */
function isAbout(micros: number, seconds: number, begun: number): boolean {
  const more = micros - Math.round(seconds * 1e6)
  return more >= -SLACK_MICROS && more <= (performance.now() - begun) * 1000 + SLACK_MICROS
}

export const scenarios: readonly Scenario[] = [
  ...group({ level: 'atomic', protocols: ['resourceLock'], capabilities: ['capacities', 'leases'] }, [
    {
      id: 'durations/of-leases',
      title: 'a lease lasts as long as asked, from a fraction of a second to years, acquired or renewed',
      clause: 'leaseSec: the hold ends by itself after so many seconds',
      asserts: 2 * LENGTHS.length,
      async run({ storage: { resourceLock }, id, assert }) {
        for (const leaseSec of LENGTHS) {
          const [flow, renewed] = [id('flow'), id('renewed')]
          const begun = performance.now()
          const known = await resourceLock.acquire(id('known'), { [flow]: 1 }, 5, { leaseSec: 1_000 })
          const grant = await resourceLock.acquire(flow, { [flow]: 1 }, 5, { leaseSec })
          const apart = microsOf(grant?.expiresAt ?? '') - microsOf(known?.expiresAt ?? '')
          assert.ok(
            isAbout(apart, leaseSec - 1_000, begun),
            `a lease of ${leaseSec} seconds beside one of 1 000`,
          )
          if (!LONG.includes(leaseSec)) continue
          await resourceLock.acquireBatch(renewed, { [flow]: 1 }, 5, { leaseSec: 1_000 })
          await resourceLock.renew(renewed, leaseSec)
          const holds = (await resourceLock.getHolds({ resourceId: flow })).slice(1)
          assert.equal(
            holds.map(({ dfid }) => dfid),
            [flow, renewed],
            `what is held for ${leaseSec} seconds`,
          )
          const length = microsOf(holds[0]?.expiresAt ?? '') - microsOf(holds[0]?.acquiredAt ?? '')
          assert.ok(isAbout(length, leaseSec, performance.now()), `${leaseSec} seconds after it was acquired`)
          const later = microsOf(holds[1]?.expiresAt ?? '') - microsOf(holds[0]?.expiresAt ?? '')
          assert.ok(isAbout(later, 0, begun), `renewed for ${leaseSec} seconds`)
        }
      },
    },
  ]),
  ...group({ level: 'atomic', protocols: ['idempotency'] }, [
    {
      id: 'durations/of-claims',
      title: 'a claim is in flight as long as asked, made or renewed, from a minute to years',
      clause: 'claim, renewClaim: leaseSec; in flight until the lease ends',
      asserts: 2 * LONG.length,
      async run({ storage: { idempotency }, id, assert }) {
        for (const leaseSec of LONG) {
          const [known, key, renewed] = [id('known'), id('key'), id('renewed')]
          const begun = performance.now()
          await idempotency.claim(known, { leaseSec: 1_000 })
          await idempotency.claim(key, { leaseSec })
          const claim = await idempotency.claim(renewed, { leaseSec: 30 })
          if (claim.state === 'started') await idempotency.renewClaim(renewed, claim.token, leaseSec)
          const claims = [
            await idempotency.claim(known, { leaseSec: 1 }),
            await idempotency.claim(key, { leaseSec: 1 }),
            await idempotency.claim(renewed, { leaseSec: 1 }),
          ]
          const [first = '', second = '', third = ''] = claims.map((one) =>
            one.state === 'inFlight' ? one.until : '',
          )
          assert.ok(
            isAbout(microsOf(second) - microsOf(first), leaseSec - 1_000, begun),
            `in flight for ${leaseSec} seconds`,
          )
          assert.ok(
            isAbout(microsOf(third) - microsOf(second), 0, begun),
            `in flight for ${leaseSec} seconds, renewed`,
          )
        }
      },
    },
  ]),
  ...group({ level: 'atomic', protocols: ['escalation'] }, [
    {
      id: 'durations/of-windows',
      title: 'a window of any length holds the tokens that are younger, and no older one',
      clause: 'windowSec: tokens of the last so many seconds count',
      capabilities: ['budget', 'export'],
      needs: 'empty',
      protocols: ['escalation'],
      asserts: 2 * LONG.length,
      async run({ storage, assert }) {
        const now = Date.now() * 1000
        const ages = LONG.flatMap((length) => [length - 30, length + 30])
        await plant(
          storage,
          ages.toReversed().map((age) => token('agent', formatMicros(now - Math.round(age * 1e6)))),
        )
        for (const windowSec of LONG) {
          const { used } = await storage.escalation.tryConsumeBudget('agent', { limit: 0, windowSec })
          const least = ages.filter((age) => age < windowSec - 20).length
          assert.equal(used, least, `the tokens of the last ${windowSec} seconds`)
          const request = aRequest('flow', 'agent')
          const answer = await storage.escalation.requestWithinBudget(request, { limit: 0, windowSec })
          assert.equal(answer, { granted: false, used: least }, 'the same of a request')
        }
      },
    },
  ]),
]
