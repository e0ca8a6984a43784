import type { StorageHandle, UnfinishedClaim, UnfinishedFilter } from '@dir/storage-core'
import { compareIds } from '@dir/storage-core/adapter'
import { type List, asking, listing, sorted } from './listing.ts'
import type { Mutant } from './mutant.ts'
import { overShared } from './over.ts'
import { LEASE } from './samples.ts'

type Claims = List<UnfinishedClaim, UnfinishedFilter>

const claims = (change: (list: Claims) => Claims) => listing('idempotency', 'listClaims', change)

const read = ({ idempotency }: StorageHandle, filter?: UnfinishedFilter): Promise<UnfinishedClaim[]> =>
  Array.fromAsync(idempotency.listClaims(filter))

const keysOf = async (storage: StorageHandle, filter?: UnfinishedFilter): Promise<string> =>
  (await read(storage, filter)).map(({ key }) => key).join(' ')

/** Waits until the host's clock has moved on. */
const tick = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 5))

export const claimListMutants: readonly Mutant[] = [
  {
    id: 'claims-in-the-order-of-keys',
    breaks: 'listClaims is in the order of the keys',
    from: 'the primary key',
    killedBy: 'idempotency/claims-are-listed-by-age',
    wrap: claims(sorted((one, other) => compareIds(one.key, other.key))),
    async witness(storage) {
      await storage.idempotency.claim('b', LEASE)
      await tick()
      await storage.idempotency.claim('a', LEASE)
      return (await keysOf(storage)) === 'a b'
    },
  },
  {
    id: 'claims-of-every-flow',
    breaks: 'with a state, listClaims has the claims of every flow',
    from: 'an index on the state, after which the other condition is forgotten',
    killedBy: 'idempotency/claims-are-listed',
    wrap: claims(
      asking(({ dfid, ...rest }) =>
        rest.state === undefined && dfid !== undefined ? { ...rest, dfid } : rest,
      ),
    ),
    async witness(storage) {
      await storage.idempotency.claim('w', { ...LEASE, dfid: 'a' })
      return (await keysOf(storage, { state: 'inFlight', dfid: 'b' })) === 'w'
    },
  },
  {
    id: 'claims-of-every-state',
    breaks: 'listClaims has the claims of every state',
    from: 'an option that nobody reads',
    killedBy: 'idempotency/claims-are-listed',
    wrap: claims(
      asking((filter) => {
        const { state, ...rest } = filter
        return state === 'inFlight' || state === 'ambiguous' ? rest : filter
      }),
    ),
    async witness(storage) {
      await storage.idempotency.claim('w', LEASE)
      return (await keysOf(storage, { state: 'ambiguous' })) === 'w'
    },
  },
  {
    id: 'claims-of-any-age',
    breaks: 'with a flow, listClaims has its claims of any age',
    from: 'an index on the flow, after which the other condition is forgotten',
    killedBy: 'idempotency/claims-are-listed-by-age',
    wrap: claims(
      asking(({ olderThanSec, ...rest }) =>
        rest.dfid === undefined && olderThanSec !== undefined ? { ...rest, olderThanSec } : rest,
      ),
    ),
    async witness(storage) {
      await storage.idempotency.claim('w', { ...LEASE, dfid: 'a' })
      return (await keysOf(storage, { dfid: 'a', olderThanSec: 3_600 })) === 'w'
    },
  },
  {
    id: 'claims-in-flight-for-ever',
    breaks: 'listClaims tells a claim that has run out as in flight',
    from: 'a state that is stored, and not judged',
    killedBy: 'idempotency/claims-are-listed',
    wrap: claims(
      (list) =>
        async function* (filter) {
          for await (const { token: _, ...claim } of list(filter)) yield { ...claim, state: 'inFlight' }
        },
    ),
    async witness(storage) {
      await storage.idempotency.claim('w', { leaseSec: 0.001 })
      await tick()
      return (await read(storage))[0]?.state === 'inFlight'
    },
  },
  {
    id: 'claims-listed-with-results',
    breaks: 'listClaims has claims that were completed',
    from: 'a claim that its result does not take away',
    killedBy: 'idempotency/claims-are-listed',
    wrap: overShared(
      () => new Map<string, UnfinishedClaim>(),
      ({ idempotency }, completed) => ({
        idempotency: {
          async complete(key, token, result) {
            const all = await Array.fromAsync(idempotency.listClaims())
            const isDone = await idempotency.complete(key, token, result)
            for (const one of all) if (isDone && one.key === key) completed.set(key, one)
            return isDone
          },
          async *listClaims(filter) {
            yield* idempotency.listClaims(filter)
            if (filter === undefined) yield* completed.values()
          },
        },
      }),
    ),
    async witness(storage) {
      const claim = await storage.idempotency.claim('w', LEASE)
      await storage.idempotency.complete('w', claim.state === 'started' ? claim.token : '', {})
      return (await keysOf(storage)) === 'w'
    },
  },
  {
    id: 'claims-keep-their-first-flow',
    breaks: 'a claim that is made again after it was given up is told to be for the flow of the first one',
    from: 'a row beside the claim, written only where there is none',
    killedBy: 'idempotency/claims-are-listed',
    wrap: overShared(
      () => new Map<string, string>(),
      ({ idempotency }, first) => ({
        idempotency: {
          async claim(key, options) {
            const claim = await idempotency.claim(key, options)
            if (claim.state === 'started' && !first.has(key)) first.set(key, options.dfid ?? '')
            return claim
          },
          async *listClaims(filter) {
            for await (const claim of idempotency.listClaims(filter))
              yield { ...claim, dfid: first.get(claim.key) || claim.dfid }
          },
        },
      }),
    ),
    async witness(storage) {
      const claim = await storage.idempotency.claim('w', { ...LEASE, dfid: 'a' })
      await storage.idempotency.abandon('w', claim.state === 'started' ? claim.token : '')
      await storage.idempotency.claim('w', { ...LEASE, dfid: 'b' })
      return (await read(storage))[0]?.dfid === 'a'
    },
  },
  {
    id: 'renewal-forgets-the-flow',
    breaks: 'a claim that is renewed loses its flow and its step',
    from: 'a row that a renewal writes anew',
    killedBy: 'idempotency/listed-claims-stay-what-they-are-for',
    wrap: overShared(
      () => new Set<string>(),
      ({ idempotency }, renewed) => ({
        idempotency: {
          async renewClaim(key, token, leaseSec) {
            renewed.add(key)
            return idempotency.renewClaim(key, token, leaseSec)
          },
          async *listClaims(filter) {
            for await (const claim of idempotency.listClaims(filter))
              yield renewed.has(claim.key) ? { ...claim, dfid: null, stepId: null } : claim
          },
        },
      }),
    ),
    async witness(storage) {
      const claim = await storage.idempotency.claim('w', { ...LEASE, dfid: 'a' })
      await storage.idempotency.renewClaim('w', claim.state === 'started' ? claim.token : '', 60)
      return (await read(storage))[0]?.dfid === null
    },
  },
]
