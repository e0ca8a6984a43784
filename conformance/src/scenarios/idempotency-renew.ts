import type { StorageHandle } from '@dir/storage-core'
import { microsOf } from '@dir/storage-core/adapter'
import type { Scenario } from '../scenario.ts'
import { LONG, SHORT, ranOut, started } from './claims.ts'
import { group } from './kit.ts'

/** When the lease of a claim ends; empty where it is not in flight. */
async function endOf({ idempotency }: StorageHandle, key: string): Promise<string> {
  const claim = await idempotency.claim(key, LONG)
  return claim.state === 'inFlight' ? claim.until : ''
}

const CLAUSE =
  "renewClaim(key, token, leaseSec) → true if that token is the current claim's; it ends at now + leaseSec"

export const scenarios: readonly Scenario[] = group({ level: 'atomic', protocols: ['idempotency'] }, [
  {
    id: 'idempotency/renew-claim-moves-the-end',
    title: 'renewClaim sets the end of a claim from now on, later or earlier, and changes nothing else of it',
    clause: CLAUSE,
    asserts: 12,
    async run(context) {
      const { storage, open, id, assert } = context
      const { idempotency } = storage
      const other = await open()
      const [key, beside] = [id('key'), id('beside')]
      const token = await started(context, key, { leaseSec: 600, requestHash: 'A' })
      await started(context, beside)
      const [first, untouched] = [await endOf(storage, key), await endOf(storage, beside)]
      for (const [leaseSec, handle] of [
        [6_000, storage],
        [60, other],
      ] as const) {
        const known = id('known')
        await started(context, known, { leaseSec })
        assert.equal(
          await handle.idempotency.renewClaim(key, token, leaseSec),
          true,
          `for ${leaseSec} seconds`,
        )
        const apart = microsOf(await endOf(other, key)) - microsOf(await endOf(other, known))
        assert.ok(apart > -50_000 && apart < 30e6, `as if it were claimed now for ${leaseSec} seconds`)
      }
      assert.equal(await idempotency.get(key), null, 'no result')
      assert.equal(
        (await idempotency.claim(key, { ...LONG, requestHash: 'B' })).state,
        'mismatch',
        'the request that it is for',
      )
      assert.equal(await endOf(storage, beside), untouched, 'the claim of another key')
      assert.equal(await idempotency.renewClaim(key, token, 0.05), true, 'for a moment')
      const claim = await ranOut(context, key)
      const since = claim.state === 'ambiguous' ? claim.since : ''
      assert.equal(claim, { state: 'ambiguous', since, token }, 'once that is over')
      const age = microsOf(first) - microsOf(since === '' ? first : since)
      assert.ok(Math.abs(age - 600e6) < 5_000, 'since is when it was claimed')
    },
  },
  {
    id: 'idempotency/renew-claim-needs-the-current-token',
    title: 'renewClaim with any token but that of a claim that stands is false and changes nothing',
    clause: CLAUSE,
    asserts: 20,
    async run(context) {
      const { storage, id, assert } = context
      const { idempotency } = storage
      const [key, other, done, given, over] = [id('key'), id('other'), id('done'), id('given'), id('over')]
      const renewed = (one: string, mine: string) => idempotency.renewClaim(one, mine, 6_000)
      const token = await started(context, key)
      const foreign = await started(context, other)
      const before = await endOf(storage, key)
      for (const one of [foreign, `${token}0`, token.toUpperCase(), ` ${token}`, `${token}\0`])
        assert.equal(await renewed(key, one), false, 'a wrong token')
      assert.equal(await renewed(id('unseen'), token), false, 'a key that was never claimed')
      assert.equal(await endOf(storage, key), before, 'the end of the claim')

      const first = await started(context, done)
      await idempotency.complete(done ?? '', first, { n: 1 })
      assert.equal(await renewed(done, first), false, 'after complete')
      assert.equal(await idempotency.get(done), { n: 1 }, 'its result')
      const second = await started(context, given)
      await idempotency.abandon(given ?? '', second)
      assert.equal(await renewed(given, second), false, 'after abandon')
      const third = await started(context, given)
      assert.equal(await renewed(given, second), false, 'when the key is claimed anew')
      assert.equal(await renewed(given, third), true, 'by the one who has claimed it')
      const fourth = await started(context, over)
      await idempotency.set(over ?? '', { by: 'other' })
      assert.equal(await renewed(over, fourth), false, 'after set')
      assert.equal(await idempotency.get(over), { by: 'other' }, 'what was set')
    },
  },
  {
    id: 'idempotency/renew-claim-revives-what-ran-out',
    title: 'a claim that ran out is renewed as long as nobody has ended it, and is in flight again',
    clause: `${CLAUSE}, expired or not`,
    asserts: 8,
    async run(context) {
      const { storage, id, assert } = context
      const { idempotency } = storage
      const [key, ended] = [id('key'), id('ended')]
      const token = await started(context, key, SHORT)
      const late = await started(context, ended, SHORT)
      assert.equal((await ranOut(context, key)).state, 'ambiguous', 'the lease is over')
      assert.equal(await idempotency.renewClaim(key, token, 600), true, 'renewed')
      assert.equal((await idempotency.claim(key, LONG)).state, 'inFlight', 'in flight again')
      assert.equal(await idempotency.complete(key, token, { n: 1 }), true, 'and completed')
      await ranOut(context, ended)
      await idempotency.abandon(ended, late)
      assert.equal(await idempotency.renewClaim(ended, late, 600), false, 'one that somebody has ended')
      assert.equal((await idempotency.claim(ended, LONG)).state, 'started', 'it stays ended')
    },
  },
])
