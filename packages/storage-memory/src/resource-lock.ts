import {
  type AcquireRequest,
  type ResourceLockOperations,
  type SyncImplementation,
  compareIds,
  conditional,
  exportAmount,
  noRoom,
  importAmount,
} from '@dir/storage-core'
import { type MemoryState, type StoredHold, later, now, onePage } from './state.ts'

function* all({ holds }: MemoryState): Generator<StoredHold> {
  for (const resource of holds.values()) yield* resource.values()
}

function put({ holds }: MemoryState, hold: StoredHold): void {
  const resource = holds.get(hold.resourceId) ?? new Map<string, StoredHold>()
  holds.set(hold.resourceId, resource.set(hold.dfid, hold))
}

function remove({ holds }: MemoryState, { resourceId, dfid }: StoredHold): void {
  const resource = holds.get(resourceId)
  resource?.delete(dfid)
  if (resource?.size === 0) holds.delete(resourceId)
}

/** Those of `candidates` that still hold; what has expired is removed on the way. */
function live(state: MemoryState, candidates: Iterable<StoredHold>): StoredHold[] {
  const time = now()
  const [holding, expired]: [StoredHold[], StoredHold[]] = [[], []]
  for (const hold of candidates)
    (hold.expiresAt !== null && hold.expiresAt <= time ? expired : holding).push(hold)
  for (const hold of expired) remove(state, hold)
  return holding
}

function lockedMicros(state: MemoryState, resourceId: string, excludeDfid: string | null): number {
  return live(state, state.holds.get(resourceId)?.values() ?? [])
    .filter((hold) => hold.dfid !== excludeDfid)
    .reduce((sum, hold) => sum + hold.micros, 0)
}

const ofFlow = (state: MemoryState, dfid: string, fence: number | null): StoredHold[] =>
  live(
    state,
    all(state).filter((hold) => hold.dfid === dfid && (fence === null || hold.fence <= fence)),
  )

const leasedOf = (state: MemoryState, dfid: string, fence: number | null): StoredHold[] =>
  ofFlow(state, dfid, fence).filter((hold) => hold.expiresAt !== null)

export const resourceLock: SyncImplementation<ResourceLockOperations, MemoryState> = {
  getLockedAmount: lockedMicros,

  acquire: conditional(
    (state: MemoryState, { dfid, demands }: AcquireRequest): true => {
      for (const demand of demands) {
        const locked = lockedMicros(state, demand.resourceId, dfid)
        if (locked + demand.micros > demand.capacity) throw noRoom(demand, locked)
      }
      return true
    },
    (state, { dfid, demands, leaseMicros }) => {
      const fence = ++state.fence
      const expiresAt = leaseMicros === null ? null : later(leaseMicros)
      for (const { resourceId, micros } of demands)
        put(state, { dfid, resourceId, micros, acquiredAt: now(), expiresAt, fence })
      return { fence, expiresAt }
    },
  ),

  release(state, dfid, fence) {
    for (const hold of ofFlow(state, dfid, fence)) remove(state, hold)
  },

  renew: conditional(
    (state: MemoryState, dfid: string, _leaseMicros: number, fence: number | null) =>
      leasedOf(state, dfid, fence).length > 0,
    (state, dfid, leaseMicros, fence) => {
      for (const hold of leasedOf(state, dfid, fence)) put(state, { ...hold, expiresAt: later(leaseMicros) })
      return true
    },
  ),

  getHolds(state, dfid, resourceId) {
    const wanted = all(state).filter(
      (hold) =>
        (dfid === null || hold.dfid === dfid) && (resourceId === null || hold.resourceId === resourceId),
    )
    return live(state, wanted)
      .sort(
        (a, b) => a.fence - b.fence || compareIds(a.dfid, b.dfid) || compareIds(a.resourceId, b.resourceId),
      )
      .map((hold) => ({ ...hold }))
  },

  exportPage: (state) =>
    onePage(
      live(state, all(state)).map(({ micros, ...hold }) => ({
        type: 'hold' as const,
        ...hold,
        ...exportAmount(micros),
      })),
    ),

  importPage(state, items) {
    for (const { type: _, unfit: __, amount, micros, ...hold } of items)
      put(state, { ...hold, micros: importAmount(amount, micros) })
  },
}
