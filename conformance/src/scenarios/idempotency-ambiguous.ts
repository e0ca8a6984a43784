import { setTimeout as sleep } from 'node:timers/promises'
import { microsOf } from '@dir/storage-core/adapter'
import type { Scenario } from '../scenario.ts'
import { LONG, SHORT, ranOut, started } from './claims.ts'
import { TIME, group } from './kit.ts'

export const scenarios: readonly Scenario[] = group({ level: 'atomic', protocols: ['idempotency'] }, [
  {
    id: 'idempotency/a-claim-that-ran-out-is-ambiguous-for-good',
    title: 'a claim that ran out never starts again by itself: everybody is told since when, and the token',
    clause: 'ambiguous: an earlier claim ran out without complete or abandon; it never restarts by itself',
    asserts: 5,
    async run(context) {
      const {
        storage: { idempotency },
        open,
        id,
        assert,
      } = context
      const key = id('key')
      const token = await started(context, key, { leaseSec: 0.1 })
      const inFlight = await idempotency.claim(key, SHORT)
      const claim = await ranOut(context, key)
      assert.ok(claim.state === 'ambiguous' && TIME.test(claim.since), 'ambiguous, since a time')
      const since = claim.state === 'ambiguous' ? claim.since : ''
      assert.equal(claim, { state: 'ambiguous', since, token }, 'with the token that ends it')
      if (inFlight.state === 'inFlight') {
        const lease = microsOf(inFlight.until) - microsOf(since)
        assert.ok(Math.abs(lease - 100_000) < 5_000, 'since is when it was claimed, a lease before its end')
      } else assert.equal(inFlight.state, 'ambiguous', 'claimed before the lease ended')
      await idempotency.claim(key, LONG)
      assert.equal(await (await open()).idempotency.claim(key, LONG), claim, 'asked again, and by others')
    },
  },
  {
    id: 'idempotency/a-claim-of-long-ago-is-still-ambiguous',
    title: 'a claim that ran out is as ambiguous after hundreds of times its lease as it was at first',
    clause: 'ambiguous: an earlier claim ran out without complete or abandon; it never restarts by itself',
    asserts: 2,
    async run(context) {
      const {
        storage: { idempotency },
        id,
        assert,
      } = context
      const key = id('key')
      const token = await started(context, key, { leaseSec: 0.004 })
      const claim = await ranOut(context, key)
      const since = claim.state === 'ambiguous' ? claim.since : ''
      await sleep(1_500) // hundreds of leases: only time makes it an old one
      assert.equal(await idempotency.claim(key, LONG), { state: 'ambiguous', since, token }, 'much later')
      assert.equal(await idempotency.complete(key, token, { n: 1 }), true, 'its token still ends it')
    },
  },
  {
    id: 'idempotency/an-ambiguous-claim-ends-with-its-token',
    title: 'whoever has looked ends an ambiguous claim with its token, by its result or by giving it up',
    clause: 'the caller, having looked, ends it with the token it was given; true also after the lease ended',
    asserts: 9,
    async run(context) {
      const {
        storage: { idempotency },
        id,
        assert,
      } = context
      const [happened, not] = [id('happened'), id('did not')]
      await started(context, happened, SHORT)
      await started(context, not, SHORT)
      const [first, second] = [await ranOut(context, happened), await ranOut(context, not)]
      assert.equal([first.state, second.state], ['ambiguous', 'ambiguous'], 'both ran out')
      const tokens = [first, second].map((claim) => (claim.state === 'ambiguous' ? claim.token : '')) as [
        string,
        string,
      ]
      assert.equal(await idempotency.complete(happened, tokens[0], { n: 1 }), true, 'complete')
      assert.equal(
        await idempotency.claim(happened, LONG),
        { state: 'replay', result: { n: 1 }, resultJson: '{"n": 1}' },
        'its result',
      )
      assert.equal(await idempotency.abandon(not, tokens[1]), true, 'abandon')
      assert.equal(await idempotency.get(not), null, 'no result')
      await started(context, not)
      assert.equal(
        await idempotency.abandon(not, tokens[1]),
        false,
        'the old token, once there is a new claim',
      )
    },
  },
  {
    id: 'idempotency/a-late-result-still-counts',
    title: 'the holder of a claim may complete it after its lease, as long as nobody ended it',
    clause: 'complete → true if that token is still the current one, also after its lease ended',
    asserts: 4,
    async run(context) {
      const {
        storage: { idempotency },
        id,
        assert,
      } = context
      const key = id('key')
      const token = await started(context, key, SHORT)
      assert.equal((await ranOut(context, key)).state, 'ambiguous', 'the lease is over')
      assert.equal(await idempotency.complete(key, token, { late: true }), true, 'complete')
      assert.equal(await idempotency.get(key), { late: true }, 'the result')
    },
  },
])
