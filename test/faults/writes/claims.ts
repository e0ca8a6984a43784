// Writes about effects that happen once, and about capital.
import {
  type Grant,
  type Hold,
  type IdempotencyStorage,
  ResourceContentionError,
  type StorageHandle,
} from '@dir/storage-core'
import type { Write } from './write.ts'

const LEASE = { leaseSec: 100_000 }

async function started({ idempotency }: StorageHandle, id: string): Promise<string> {
  const claim = await idempotency.claim(id, LEASE)
  if (claim.state !== 'started') throw new Error(`A new key is ${claim.state}.`)
  return claim.token
}

/** How long a claim is still in flight, by its order of magnitude. Only looks where there is a claim or a result. */
async function magnitudeOfClaim(idempotency: IdempotencyStorage, id: string): Promise<number | string> {
  const claim = await idempotency.claim(id, LEASE)
  if (claim.state !== 'inFlight') return claim.state
  return Math.round(Math.log10((Date.parse(claim.until) - Date.now()) / 1_000))
}

const results: Pick<Write, 'look' | 'later'> = {
  look: ({ idempotency }, id) => idempotency.get(id),
  later: ({ idempotency }, id) => idempotency.set(id, { by: 'later' }),
}

/** Nothing but an export shows a claim and changes nothing. */
const claimed: Pick<Write, 'look' | 'later' | 'isDear'> = {
  ...results,
  look: async (storage, id) => {
    const records = await Array.fromAsync(storage.exportRecords())
    return records.filter((one) => one.type === 'idempotency' && one.key === id)
  },
  isDear: true,
}

const demandOf = (id: string): Record<string, number> => ({ [`${id}/one`]: 1, [`${id}/two`]: 2.5 })
const roomFor = (id: string) => ({ capacities: { [`${id}/one`]: 4, [`${id}/two`]: 4 } })

/** The ends of leases are compared by their order of magnitude: the clock goes on between twins. */
const magnitude = ({ acquiredAt, expiresAt }: Hold): number | null =>
  expiresAt === null
    ? null
    : Math.round(Math.log10((Date.parse(expiresAt) - Date.parse(acquiredAt ?? '')) / 1_000))

const holds: Pick<Write, 'look' | 'later'> = {
  look: async ({ resourceLock }, id) => [
    (await resourceLock.getHolds({ dfid: id })).map((hold) => [
      hold.resourceId,
      hold.amount,
      magnitude(hold),
    ]),
    await resourceLock.getLockedAmount(`${id}/one`, null),
  ],
  later: ({ resourceLock }, id) => resourceLock.release(id),
}

export const claims: readonly Write[] = [
  {
    ...results,
    name: 'idempotency.set',
    act: ({ idempotency }, id) => idempotency.set(id, { by: 'act' }),
  },
  {
    ...results,
    name: 'idempotency.setIfAbsent',
    act: ({ idempotency }, id) => idempotency.setIfAbsent(id, { by: 'act' }),
    isAlone: true,
  },
  {
    ...claimed,
    name: 'idempotency.claim',
    act: ({ idempotency }, id) => idempotency.claim(id, LEASE),
    isAlone: true,
  },
  {
    ...results,
    name: 'idempotency.renewClaim',
    prepare: started,
    act: ({ idempotency }, id, token) => idempotency.renewClaim(id, String(token), LEASE.leaseSec * 1_000),
    look: async ({ idempotency }, id) => [await idempotency.get(id), await magnitudeOfClaim(idempotency, id)],
  },
  {
    ...results,
    name: 'idempotency.complete',
    prepare: started,
    act: ({ idempotency }, id, token) => idempotency.complete(id, String(token), { by: 'act' }),
  },
  {
    ...claimed,
    name: 'idempotency.abandon',
    prepare: started,
    act: ({ idempotency }, id, token) => idempotency.abandon(id, String(token)),
  },
  {
    ...holds,
    name: 'resourceLock.acquire',
    act: ({ resourceLock }, id) => resourceLock.acquire(id, demandOf(id), 0, roomFor(id)),
    agrees: async (grant, { resourceLock }, id) =>
      (await resourceLock.getHolds({ dfid: id })).every(({ fence }) => fence === (grant as Grant).fence),
    denied: null,
  },
  {
    ...holds,
    name: 'resourceLock.acquireBatch',
    act: ({ resourceLock }, id) => resourceLock.acquireBatch(id, demandOf(id), 0, roomFor(id)),
    denied: false,
  },
  {
    ...holds,
    name: 'resourceLock.release',
    prepare: ({ resourceLock }, id) => resourceLock.acquireBatch(id, demandOf(id), 5),
    act: ({ resourceLock }, id) => resourceLock.release(id),
    async later({ resourceLock }, id) {
      if (!(await resourceLock.acquireBatch(id, { [`${id}/one`]: 3 }, 0)))
        throw new ResourceContentionError(1)
    },
  },
  {
    ...holds,
    name: 'resourceLock.renew',
    prepare: ({ resourceLock }, id) => resourceLock.acquireBatch(id, demandOf(id), 5, { leaseSec: 1_000 }),
    act: ({ resourceLock }, id) => resourceLock.renew(id, 1_000_000),
    later: ({ resourceLock }, id) => resourceLock.renew(id, 1_000_000_000),
  },
]
