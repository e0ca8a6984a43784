import { setTimeout as sleep } from 'node:timers/promises'
import type { IdempotencyStorage, StorageHandle } from '@dir/storage-core'
import type { Mutant } from './mutant.ts'
import { overShared } from './over.ts'
import { LEASE } from './samples.ts'
import { pause } from './seed-store.ts'

type Renew = IdempotencyStorage['renewClaim']

/** A claim as it was made. */
interface Made {
  readonly key: string
  readonly leaseSec: number
  readonly until: number
}

/** Breaks `renewClaim`; the handles of one namespace know of each claim how it was made, by its token. */
const renewing = (broken: (sound: IdempotencyStorage, made: ReadonlyMap<string, Made>) => Renew) =>
  overShared(
    () => new Map<string, Made>(),
    ({ idempotency }, made) => ({
      idempotency: {
        async claim(key, options) {
          const claim = await idempotency.claim(key, options)
          const { leaseSec } = options
          const until = Date.now() + leaseSec * 1_000
          if (claim.state === 'started') made.set(claim.token, { key, leaseSec, until })
          return claim
        },
        renewClaim: broken(idempotency, made),
      },
    }),
  )

async function claimed({ idempotency }: StorageHandle, leaseSec: number = LEASE.leaseSec): Promise<string> {
  const claim = await idempotency.claim('w', { leaseSec })
  return claim.state === 'started' ? claim.token : ''
}

/** In how many seconds the claim ends. */
async function left({ idempotency }: StorageHandle): Promise<number> {
  const claim = await idempotency.claim('w', LEASE)
  return claim.state === 'inFlight' ? (Date.parse(claim.until) - Date.now()) / 1_000 : 0
}

export const claimRenewalMutants: readonly Mutant[] = [
  {
    id: 'renewal-forgotten',
    breaks: 'renewClaim answers that it has moved the end of a claim, and does nothing',
    from: 'a heartbeat that is counted and not stored',
    killedBy: 'idempotency/renew-claim-moves-the-end',
    wrap: renewing(() => async () => true),
    async witness(storage) {
      const token = await claimed(storage)
      return (await storage.idempotency.renewClaim('w', token, 6_000)) && (await left(storage)) < 1_000
    },
  },
  {
    id: 'renewal-never-earlier',
    breaks: 'renewClaim moves the end of a claim to later moments only',
    from: 'GREATEST(expires_at, …)',
    killedBy: 'idempotency/renew-claim-moves-the-end',
    wrap: renewing(
      (sound, made) => (key, token, leaseSec) =>
        sound.renewClaim(key, token, Math.max(leaseSec, made.get(token)?.leaseSec ?? 0)),
    ),
    async witness(storage) {
      const token = await claimed(storage, 6_000)
      await storage.idempotency.renewClaim('w', token, 60)
      return (await left(storage)) > 1_000
    },
  },
  {
    id: 'renewal-adds-to-the-end',
    breaks: 'renewClaim adds the lease to the end that the claim had',
    from: 'expires_at = expires_at + …',
    killedBy: 'durations/of-claims',
    wrap: renewing((sound, made) => (key, token, leaseSec) => {
      const more = Math.max(0, ((made.get(token)?.until ?? 0) - Date.now()) / 1_000)
      return sound.renewClaim(key, token, Math.min(1e9, leaseSec + more))
    }),
    async witness(storage) {
      const token = await claimed(storage, 1_000)
      await storage.idempotency.renewClaim('w', token, 60)
      return (await left(storage)) > 1_000
    },
  },
  {
    id: 'renewal-claims-anew',
    breaks: 'a claim that is renewed is told to have been made then',
    from: 'one column for both times',
    killedBy: 'idempotency/renew-claim-moves-the-end',
    wrap: overShared(
      () => new Map<string, string>(),
      ({ idempotency }, renewed) => ({
        idempotency: {
          async claim(key, options) {
            const claim = await idempotency.claim(key, options)
            if (claim.state !== 'ambiguous') return claim
            return { ...claim, since: renewed.get(claim.token) ?? claim.since }
          },
          async renewClaim(key, token, leaseSec) {
            renewed.set(token, `${new Date(Date.now() + 60_000).toISOString().slice(0, -1)}000Z`)
            return idempotency.renewClaim(key, token, leaseSec)
          },
        },
      }),
    ),
    async witness(storage) {
      const token = await claimed(storage)
      await storage.idempotency.renewClaim('w', token, 0.001)
      await sleep(20)
      const claim = await storage.idempotency.claim('w', LEASE)
      return claim.state === 'ambiguous' && Date.parse(claim.since) > Date.now() + 1_000
    },
  },
  {
    id: 'renewal-by-any-token',
    breaks: 'renewClaim renews the claim of somebody else',
    from: 'UPDATE … WHERE key = ?',
    killedBy: 'idempotency/renew-claim-needs-the-current-token',
    wrap: renewing((sound, made) => async (key, token, leaseSec) => {
      if (await sound.renewClaim(key, token, leaseSec)) return true
      for (const [other, one] of made)
        if (one.key === key && (await sound.renewClaim(key, other, leaseSec))) return true
      return false
    }),
    async witness(storage) {
      await claimed(storage)
      return storage.idempotency.renewClaim('w', 'another', 60)
    },
  },
  {
    id: 'renewal-refused-after-its-lease',
    breaks: 'a claim that ran out is not renewed, although nobody has ended it',
    from: 'WHERE expires_at > now(), as it is right for holds',
    killedBy: 'idempotency/renew-claim-revives-what-ran-out',
    wrap: renewing(
      (sound, made) => async (key, token, leaseSec) =>
        (made.get(token)?.until ?? Infinity) > Date.now() && sound.renewClaim(key, token, leaseSec),
    ),
    async witness(storage) {
      const token = await claimed(storage, 0.001)
      await sleep(5)
      return !(await storage.idempotency.renewClaim('w', token, 60))
    },
  },
  {
    id: 'renewal-check-then-write',
    breaks:
      'renewClaim looks whether the claim stands, and writes it in a second step, over what came between',
    from: 'a lock that its owner extends after it was lost',
    killedBy: 'linearizability/claim',
    wrap: renewing((sound) => async (key, token, leaseSec) => {
      if (!(await sound.renewClaim(key, token, leaseSec))) return false
      await pause()
      if (!(await sound.renewClaim(key, token, leaseSec))) await sound.claim(key, { leaseSec })
      return true
    }),
    async witness(storage, open) {
      const token = await claimed(storage)
      const other = await open()
      const renewal = storage.idempotency.renewClaim('w', token, 60)
      await other.idempotency.abandon('w', token)
      await renewal
      return (await other.idempotency.claim('w', LEASE)).state === 'inFlight'
    },
  },
]
