import { type StorageHandle, runOnce } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { group, openHandles, race, until } from './kit.ts'

const LONG = { leaseSec: 600 }

/** Claims a key for somebody who never comes back. */
const claimShortly = async ({ idempotency }: StorageHandle, key: string, requestHash?: string) => {
  await idempotency.claim(
    key,
    requestHash === undefined ? { leaseSec: 0.05 } : { leaseSec: 0.05, requestHash },
  )
  await until(
    () => idempotency.claim(key, LONG),
    ({ state }) => state !== 'inFlight',
  )
}

export const scenarios: readonly Scenario[] = group({ level: 'atomic', protocols: ['idempotency'] }, [
  {
    id: 'run-once/runs-once-and-replays',
    title: 'runOnce runs the effect once and answers later callers with its result as it was stored',
    clause: 'runOnce: fn runs in one process only; everybody gets the result',
    asserts: 4,
    async run({ storage: { idempotency }, id, assert }) {
      const key = id('key')
      let runs = 0
      const effect = () => ({ run: ++runs, left: undefined, at: new Date(0) })
      const stored = { run: 1, at: '1970-01-01T00:00:00.000Z' }
      assert.equal(await runOnce(idempotency, key, LONG, effect), stored, 'the first call')
      assert.equal(await runOnce(idempotency, key, LONG, effect), stored, 'the second call')
      assert.equal(runs, 1, 'how often the effect ran')
      assert.equal(await idempotency.get(key), stored, 'the stored result')
    },
  },
  {
    id: 'run-once/sixteen-racers-run-one-effect',
    title: 'of sixteen racers over four handles one runs the effect, and all get its result',
    clause: 'runOnce: fn runs in one process only, whatever races',
    asserts: 10,
    async run(context) {
      const handles = await openHandles(context, 4)
      for (let round = 0; round < 5; round++) {
        const key = context.id('key')
        let runs = 0
        const answers = await race(handles, ({ idempotency }, racer) =>
          runOnce(idempotency, key, LONG, async () => {
            runs++
            await new Promise((resolve) => setTimeout(resolve, 10))
            return { racer }
          }),
        )
        context.assert.equal(runs, 1, 'how often the effect ran')
        context.assert.equal(new Set(answers.map(({ racer }) => racer)).size, 1, 'different results')
      }
    },
  },
  {
    id: 'run-once/a-throw-gives-the-key-back',
    title: 'when the effect throws, runOnce rethrows that error and the next call runs it again',
    clause: 'runOnce abandons and rethrows when fn throws',
    asserts: 3,
    async run({ storage: { idempotency }, id, assert }) {
      const key = id('key')
      const failure = new RangeError('no such account')
      const seen = await runOnce(idempotency, key, LONG, () => Promise.reject(failure)).catch(
        (e: unknown) => e,
      )
      assert.ok(seen === failure, 'the very error')
      assert.equal(await idempotency.get(key), null, 'no result')
      assert.equal(await runOnce(idempotency, key, LONG, () => ({ n: 2 })), { n: 2 }, 'the next call')
    },
  },
  {
    id: 'run-once/an-unknown-outcome-keeps-the-key',
    title: 'when the effect throws that nobody knows whether it happened, nobody runs it again unasked',
    clause: 'runOnce: an error whose outcome is unknown is rethrown, and the claim is left',
    asserts: 4,
    async run({ storage: { idempotency }, id, assert }) {
      const key = id('key')
      const failure = Object.assign(new Error('the answer was lost'), { outcome: 'unknown' })
      const short = { leaseSec: 0.05 }
      const seen = await runOnce(idempotency, key, short, () => Promise.reject(failure)).catch(
        (e: unknown) => e,
      )
      assert.ok(seen === failure, 'the very error')
      const claim = await until(
        () => idempotency.claim(key, LONG),
        ({ state }) => state !== 'inFlight',
      )
      assert.equal(claim.state, 'ambiguous', 'the key, once the lease is over')
      const token = claim.state === 'ambiguous' ? claim.token : ''
      assert.equal(await idempotency.complete(key, token, { n: 1 }), true, 'whoever found out ends it')
      assert.equal(await runOnce(idempotency, key, LONG, () => ({ n: 2 })), { n: 1 }, 'the next call')
    },
  },
  {
    id: 'run-once/says-that-the-effect-ran',
    title:
      'where the effect ran and its result cannot be stored, runOnce says so, with the token that ends the claim',
    clause: 'runOnce rejects with typed errors for an unstored result: AmbiguousError, outcome unknown',
    uses: ['close'],
    asserts: 6,
    async run({ storage, open, id, assert }) {
      const { idempotency } = storage
      const failures: [string, (mine: StorageHandle) => Promise<Record<string, unknown>>][] = [
        ['the handle was closed while it ran', (mine) => mine.close().then(() => ({ n: 1 }))],
        ['its result is no JSON', async () => ({ toJSON: () => 1 })],
      ]
      for (const [what, effect] of failures) {
        const key = id('key')
        const mine = await open()
        await mine.init()
        const error: unknown = await runOnce(mine.idempotency, key, LONG, () => effect(mine)).then(
          () => null,
          (failure: unknown) => failure,
        )
        const { code, outcome, retryable, token = '' } = (error ?? {}) as Readonly<Record<string, string>>
        assert.equal(
          { code, outcome, retryable },
          { code: 'STORAGE_AMBIGUOUS', outcome: 'unknown', retryable: false },
          what,
        )
        assert.equal((await idempotency.claim(key, LONG)).state, 'inFlight', `${what}: nobody runs it again`)
        assert.equal(
          await idempotency.complete(key, token, { n: 1 }),
          true,
          `${what}: the token ends the claim`,
        )
      }
    },
  },
  {
    id: 'run-once/waits-no-longer-than-asked',
    title: 'runOnce rejects with InFlightError when another caller is still running after waitSec',
    clause: 'runOnce rejects with typed errors for still in flight',
    asserts: 3,
    async run({ storage: { idempotency }, id, assert }) {
      const key = id('key')
      await idempotency.claim(key, LONG)
      const claim = await idempotency.claim(key, LONG)
      let ran = false
      for (const waitSec of [0, 0.06])
        await assert.rejects(
          () => runOnce(idempotency, key, { ...LONG, waitSec }, () => ({ ran: (ran = true) })),
          'STORAGE_IN_FLIGHT',
          `after ${waitSec} seconds`,
          { until: claim.state === 'inFlight' && claim.until, retryable: true, outcome: 'not-applied' },
        )
      assert.equal(ran, false, 'whether the effect ran')
    },
  },
  {
    id: 'run-once/hands-over-an-ambiguous-claim',
    title: 'runOnce does not run an effect that may have happened, and hands over the token that decides',
    clause: 'runOnce rejects with typed errors for ambiguous (with the token)',
    asserts: 4,
    async run({ storage, id, assert }) {
      const { idempotency } = storage
      const key = id('key')
      await claimShortly(storage, key)
      let runs = 0
      const call = () => runOnce(idempotency, key, LONG, () => ({ run: ++runs }))
      const claim = await idempotency.claim(key, LONG)
      const { since, token } = claim.state === 'ambiguous' ? claim : { since: '', token: '' }
      await assert.rejects(call, 'STORAGE_AMBIGUOUS', 'a claim that ran out', {
        since,
        token,
        retryable: false,
      })
      assert.equal(runs, 0, 'how often the effect ran')
      assert.equal(await idempotency.abandon(key, token), true, 'the token ends it')
      assert.equal(await call(), { run: 1 }, 'then it runs')
    },
  },
  {
    id: 'run-once/refuses-a-key-of-another-request',
    title: 'runOnce rejects with ConflictError when the key belongs to another request',
    clause: 'runOnce rejects with typed errors for mismatch',
    asserts: 3,
    async run({ storage: { idempotency }, id, assert }) {
      const key = id('key')
      let runs = 0
      const call = (requestHash: string) =>
        runOnce(idempotency, key, { ...LONG, requestHash }, () => ({ run: ++runs }))
      assert.equal(await call('A'), { run: 1 }, 'the first request')
      await assert.rejects(() => call('B'), 'STORAGE_CONFLICT', 'another request', { operation: 'runOnce' })
      assert.equal(await call('A'), { run: 1 }, 'the first request again')
    },
  },
])
