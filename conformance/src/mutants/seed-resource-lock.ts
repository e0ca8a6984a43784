import { type HoldRow, compareHolds, formatMicros, hostMicros, noRoom } from '@dir/storage-core/adapter'
import { type SeedStore, isOlder, now, pageAfter, pause } from './seed-store.ts'
import type { SeedProtocol } from './seed-protocol.ts'

function holds(store: SeedStore): HoldRow[] {
  return [...store.table<HoldRow>('holds').values()]
}

const lockedMicros = (store: SeedStore, resourceId: string, except: string | null): number =>
  holds(store).reduce(
    (sum, hold) => sum + (hold.resourceId === resourceId && hold.dfid !== except ? (hold.micros ?? 0) : 0),
    0,
  )

const holdKey = (dfid: string, resourceId: string): string => JSON.stringify([dfid, resourceId])

function found(store: SeedStore, dfid: string | null, resourceId: string | null): HoldRow[] {
  return holds(store)
    .filter(
      (hold) => (dfid ?? hold.dfid) === hold.dfid && (resourceId ?? hold.resourceId) === hold.resourceId,
    )
    .sort(compareHolds)
}

export const resourceLock: SeedProtocol<'resourceLock'> = {
  getLockedAmount: lockedMicros,
  async acquire(store, { dfid, demands, leaseMicros }) {
    for (const demand of demands) {
      const locked = lockedMicros(store, demand.resourceId, dfid)
      if (locked + demand.micros > demand.capacity) throw noRoom(demand, locked)
    }
    await pause()
    const fence = store.list('fences').push(null)
    const expiresAt = leaseMicros === null ? null : formatMicros(hostMicros() + leaseMicros)
    for (const { resourceId, micros } of demands)
      store
        .table<HoldRow>('holds')
        .set(holdKey(dfid, resourceId), { dfid, resourceId, micros, acquiredAt: now(), expiresAt, fence })
    return { fence, expiresAt }
  },
  release(store, dfid, fence) {
    for (const hold of holds(store))
      if (hold.dfid === dfid && (fence === null || hold.fence <= fence))
        store.table('holds').delete(holdKey(dfid, hold.resourceId))
  },
  renew: () => false,
  getHolds: found,
  holdsPage(store, { dfid, resourceId, leastAgeMicros }, cursor) {
    const isOld = isOlder(leastAgeMicros)
    const items = found(store, dfid, resourceId).filter(({ acquiredAt }) => isOld(acquiredAt))
    return pageAfter(items, cursor, compareHolds)
  },
}
