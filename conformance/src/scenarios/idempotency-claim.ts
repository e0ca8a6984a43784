import type { Scenario } from '../scenario.ts'
import { LONG, SHORT, ranOut, started } from './claims.ts'
import { TIME, group } from './kit.ts'

export const scenarios: readonly Scenario[] = group({ level: 'atomic', protocols: ['idempotency'] }, [
  {
    id: 'idempotency/claim-runs-to-its-result',
    title:
      'a claimed key is in flight for everybody until it is completed, and replays its result from then on',
    clause: 'claim → started, inFlight, replay; get is null while only claimed',
    asserts: 9,
    async run(context) {
      const { storage, open, id, assert } = context
      const second = await open()
      const key = id('key')
      const token = await started(context, key)
      assert.ok(token !== '', 'a token')
      for (const handle of [storage, second]) {
        const claim = await handle.idempotency.claim(key, SHORT)
        assert.ok(
          claim.state === 'inFlight' && TIME.test(claim.until),
          'another claim: in flight until a time',
        )
      }
      assert.equal(await storage.idempotency.get(key), null, 'no result while claimed')
      assert.equal(await second.idempotency.complete(key, token, { n: 1 }), true, 'complete')
      const replay = { state: 'replay', result: { n: 1 }, resultJson: '{"n": 1}' }
      assert.equal(await storage.idempotency.claim(key, LONG), replay, 'a claim after that')
      assert.equal(await second.idempotency.claim(key, LONG), replay, 'from the other handle')
      assert.equal(await second.idempotency.get(key), { n: 1 }, 'the result')
    },
  },
  {
    id: 'idempotency/only-the-current-token-ends-a-claim',
    title: 'complete and abandon with any token but the current one are false and change nothing',
    clause:
      'complete, abandon → true if that token is still the current one; an unknown token is not current',
    asserts: 17,
    async run(context) {
      const {
        storage: { idempotency },
        id,
        assert,
      } = context
      const [key, other] = [id('key'), id('other')]
      const token = await started(context, key)
      const foreign = await started(context, other)
      const wrong = [
        foreign,
        `${token}0`,
        token.toUpperCase(),
        ` ${token}`,
        `${token}\0`,
        'x'.repeat(100_000),
      ]
      for (const one of wrong) {
        assert.equal(await idempotency.complete(key, one, { wrong: true }), false, 'complete')
        assert.equal(await idempotency.abandon(key, one), false, 'abandon')
      }
      assert.equal((await idempotency.claim(key, LONG)).state, 'inFlight', 'the claim stands')
      assert.equal(await idempotency.complete(id('unseen'), token, {}), false, 'a key that was never claimed')
      assert.equal(await idempotency.abandon(key, token), true, 'the current token')
    },
  },
  {
    id: 'idempotency/a-claim-ends-once',
    title: 'a token ends its claim once: after complete or abandon it is current no more',
    clause: 'complete, abandon → true if that token is still the current one',
    asserts: 11,
    async run(context) {
      const {
        storage: { idempotency },
        id,
        assert,
      } = context
      const [done, given] = [id('done'), id('given')]
      const first = await started(context, done)
      await idempotency.complete(done, first, { n: 1 })
      assert.equal(await idempotency.complete(done, first, { n: 2 }), false, 'complete after complete')
      assert.equal(await idempotency.abandon(done, first), false, 'abandon after complete')
      assert.equal(await idempotency.get(done), { n: 1 }, 'the result stands')

      const second = await started(context, given)
      assert.equal(await idempotency.abandon(given, second), true, 'abandon')
      assert.equal(await idempotency.complete(given, second, {}), false, 'complete after abandon')
      assert.equal(await idempotency.get(given), null, 'no result')
      const third = await started(context, given)
      assert.ok(third !== second, 'a new claim has a token of its own')
      assert.equal(await idempotency.complete(given, second, {}), false, 'the token of the abandoned claim')
    },
  },
  {
    id: 'idempotency/a-mismatch-is-judged-first',
    title: 'a claim for another request is a mismatch, whether the first is in flight, ambiguous or done',
    clause: 'mismatch: both hashes exist and differ; judged first',
    asserts: 13,
    async run(context) {
      const {
        storage: { idempotency },
        id,
        assert,
      } = context
      const [key, plain] = [id('key'), id('plain')]
      const claim = async (requestHash?: string) =>
        (await idempotency.claim(key, requestHash === undefined ? LONG : { ...LONG, requestHash })).state
      const states = async () => [
        await claim('B'),
        await claim('a'),
        await claim(''),
        await claim('A'),
        await claim(),
      ]
      const token = await started(context, key, { ...LONG, requestHash: 'A' })
      const judged = (same: string) => ['mismatch', 'mismatch', 'mismatch', same, same]
      assert.equal(await states(), judged('inFlight'), 'while it is in flight')
      await idempotency.complete(key, token, {})
      assert.equal(await states(), judged('replay'), 'when it is done')

      const short = id('short')
      await started(context, short, { ...SHORT, requestHash: 'A' })
      assert.equal((await ranOut(context, short)).state, 'ambiguous', 'a claim that ran out')
      assert.equal(
        (await idempotency.claim(short, { ...LONG, requestHash: 'B' })).state,
        'mismatch',
        'ambiguous',
      )
      assert.equal(
        (await idempotency.claim(short, { ...LONG, requestHash: 'A' })).state,
        'ambiguous',
        'same hash',
      )

      const free = await started(context, plain)
      const other = await idempotency.claim(plain, { ...LONG, requestHash: 'B' })
      assert.equal(other.state, 'inFlight', 'a claim without a hash matches any')
      await idempotency.abandon(plain, free)
      const again = await started(context, plain, { ...LONG, requestHash: 'C' })
      await idempotency.abandon(plain, again)
      await started(context, plain, { ...LONG, requestHash: 'D' })
      const last = await idempotency.claim(plain, { ...LONG, requestHash: 'C' })
      assert.equal(last.state, 'mismatch', 'an abandoned claim leaves no hash; the new one counts')
      assert.equal(await idempotency.get(plain), null, 'no result')
    },
  },
  {
    id: 'idempotency/a-stored-result-voids-a-claim',
    title: 'set and setIfAbsent store their result over a claim, whose token is then worth nothing',
    clause: 'a stored result beats any claim: set and setIfAbsent write it and void the claim',
    asserts: 14,
    async run(context) {
      const {
        storage: { idempotency },
        id,
        assert,
      } = context
      const other = { result: { by: 'other' }, resultJson: '{"by": "other"}' }
      for (const [what, store] of [
        ['set', (key: string) => idempotency.set(key, { by: 'other' })],
        ['setIfAbsent', (key: string) => idempotency.setIfAbsent(key, { by: 'other' })],
      ] as const) {
        for (const options of [LONG, SHORT]) {
          const key = id('key')
          const token = await started(context, key, options)
          const answer = await store(key)
          if (what === 'setIfAbsent')
            assert.equal(answer, { stored: true, ...other }, 'setIfAbsent over a claim')
          assert.equal(
            [await idempotency.complete(key, token, { by: 'holder' }), await idempotency.abandon(key, token)],
            [false, false],
            `${what}: the holder's token`,
          )
          assert.equal(
            [await idempotency.get(key), await idempotency.claim(key, LONG)],
            [{ by: 'other' }, { state: 'replay', ...other }],
            `${what}: the result`,
          )
        }
      }
    },
  },
])
