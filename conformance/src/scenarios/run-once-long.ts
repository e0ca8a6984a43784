import { once } from 'node:events'
import { type IdempotencyStorage, UnavailableError, runOnce } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { group, until } from './kit.ts'

const LONG = { leaseSec: 600 }

/** Resolves with why an effect has lost its claim. */
async function lost(signal: AbortSignal): Promise<{ readonly code: string; readonly outcome: string }> {
  if (!signal.aborted) await once(signal, 'abort')
  return signal.reason as { code: string; outcome: string }
}

/** The store, where `renewClaim` fails so many times, as it does while no server can be reached. */
function failing(idempotency: IdempotencyStorage, times: number): IdempotencyStorage {
  let left = times
  const renewClaim: IdempotencyStorage['renewClaim'] = (...args) =>
    left-- > 0
      ? Promise.reject(new UnavailableError('On purpose.', 'connect'))
      : idempotency.renewClaim(...args)
  return new Proxy(idempotency, {
    get(target, name) {
      if (name === 'renewClaim') return renewClaim
      const own: unknown = Reflect.get(target, name)
      return typeof own === 'function' ? (own.bind(target) as unknown) : own
    },
  })
}

/** Waits until a claim has been renewed, and tells what others were told of it meanwhile. */
async function renewedOnce(idempotency: IdempotencyStorage, key: string): Promise<readonly string[]> {
  const states = new Set<string>()
  const ends = new Set<string>()
  await until(
    () => idempotency.claim(key, LONG),
    (claim) => {
      states.add(claim.state)
      if (claim.state === 'inFlight') ends.add(claim.until)
      return ends.size > 1 || claim.state !== 'inFlight'
    },
    60_000,
  )
  return [...states]
}

export const scenarios: readonly Scenario[] = group({ level: 'atomic', protocols: ['idempotency'] }, [
  {
    id: 'run-once/renews-its-claim',
    title: 'the claim of an effect is renewed while it runs, so that it stays in flight',
    clause: 'runOnce renews its claim while fn runs',
    asserts: 3,
    async run({ storage: { idempotency }, open, id, assert }) {
      const key = id('key')
      const { idempotency: others } = await open()
      let wasLost = true
      const result = await runOnce(idempotency, key, { leaseSec: 6 }, async (signal) => {
        assert.equal(await renewedOnce(others, key), ['inFlight'], 'what others are told')
        wasLost = signal.aborted
        return { n: 1 }
      })
      assert.equal(result, { n: 1 }, 'the result')
      assert.equal(wasLost, false, 'whether the signal fired')
    },
  },
  {
    id: 'run-once/tries-again-to-renew',
    title: 'a renewal that fails is tried again before the lease is over',
    clause: 'runOnce: a renewal that fails is tried again until the lease is over',
    asserts: 3,
    async run({ storage: { idempotency }, id, assert }) {
      const key = id('key')
      let wasLost = true
      const result = await runOnce(failing(idempotency, 3), key, { leaseSec: 6 }, async (signal) => {
        assert.equal(await renewedOnce(idempotency, key), ['inFlight'], 'what others are told')
        wasLost = signal.aborted
        return { n: 1 }
      })
      assert.equal(result, { n: 1 }, 'the result')
      assert.equal(wasLost, false, 'whether the signal fired')
    },
  },
  {
    id: 'run-once/hears-that-its-claim-was-ended',
    title: 'the signal of an effect fires when somebody else has ended its claim',
    clause: 'runOnce: signal fires when the claim is lost, by renewClaim → false',
    asserts: 2,
    async run({ storage: { idempotency }, id, assert }) {
      const key = id('key')
      const result = await runOnce(idempotency, key, { leaseSec: 0.5 }, async (signal) => {
        await idempotency.set(key, { by: 'other' })
        const { code, outcome } = await lost(signal)
        assert.equal({ code, outcome }, { code: 'STORAGE_CONFLICT', outcome: 'unknown' }, 'why it fired')
        return { by: 'effect' }
      })
      assert.equal(result, { by: 'other' }, 'the result that stands')
    },
  },
  {
    id: 'run-once/hears-that-its-lease-is-over',
    title:
      'where no renewal succeeds until the lease is over, the signal fires, and what is thrown then leaves the claim to others',
    clause: 'runOnce: signal fires when the lease ran out; the claim is not abandoned then',
    asserts: 4,
    async run({ storage: { idempotency }, id, assert }) {
      const key = id('key')
      const effect = async (signal: AbortSignal): Promise<never> => {
        await lost(signal)
        throw signal.reason
      }
      const error: unknown = await runOnce(
        failing(idempotency, Infinity),
        key,
        { leaseSec: 0.3 },
        effect,
      ).catch((reason: unknown) => reason)
      const { code, outcome, token = '' } = error as Readonly<Record<string, string>>
      assert.equal({ code, outcome }, { code: 'STORAGE_AMBIGUOUS', outcome: 'unknown' }, 'why it fired')
      const claim = await until(
        () => idempotency.claim(key, LONG),
        ({ state }) => state !== 'inFlight',
      )
      const since = claim.state === 'ambiguous' ? claim.since : ''
      assert.equal(claim, { state: 'ambiguous', since, token }, 'what is left for others')
      assert.equal(await idempotency.complete(key, token, { n: 1 }), true, 'the token ends it')
      assert.equal(await idempotency.get(key), { n: 1 }, 'the result')
    },
  },
  {
    id: 'run-once/a-late-effect-still-counts',
    title: 'an effect that goes on after its lease still stores its result',
    clause: 'complete is true also after the lease ended',
    asserts: 2,
    async run({ storage: { idempotency }, id, assert }) {
      const key = id('key')
      const answer = await runOnce(failing(idempotency, Infinity), key, { leaseSec: 0.02 }, async () => {
        const claim = await until(
          () => idempotency.claim(key, LONG),
          ({ state }) => state !== 'inFlight',
        )
        return { seenMeanwhile: claim.state }
      })
      assert.equal(answer, { seenMeanwhile: 'ambiguous' }, 'the result')
      assert.equal(await idempotency.get(key), answer, 'the stored result')
    },
  },
])
