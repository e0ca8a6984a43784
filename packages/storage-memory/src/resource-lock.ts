import {
  type AcquireRequest,
  type Operations,
  type SyncImplementation,
  conditionalWrite,
  exportAmount,
  importAmount,
  noRoom,
  compareHolds,
  flowPruning,
} from '@dir/storage-core/adapter'
import { onePage } from './export-page.ts'
import type { Holds, Place, StoredHold } from './holds.ts'
import { PAGE } from './in-order.ts'
import type { MemoryState } from './state.ts'
import { isOlder, later, now } from './time.ts'

/** The holds that have not expired; the others are removed. */
function live({ holds }: MemoryState): Holds {
  holds.expire(now())
  return holds
}

/** What a flow holds under that fence or an earlier one. */
const ofFlow = (state: MemoryState, dfid: string, fence: number | null): StoredHold[] =>
  [...live(state).find(dfid, null)].filter((hold) => fence === null || hold.fence <= fence)

const leasedOf = (state: MemoryState, dfid: string, fence: number | null): StoredHold[] =>
  ofFlow(state, dfid, fence).filter((hold) => hold.expiresAt !== null)

export const resourceLock: SyncImplementation<Operations['resourceLock'], MemoryState> = {
  getLockedAmount: (state, resourceId, excludeDfid) => live(state).locked(resourceId, excludeDfid),

  acquire: conditionalWrite(
    (state: MemoryState, { dfid, demands }: AcquireRequest): true => {
      const holds = live(state)
      for (const demand of demands) {
        const locked = holds.locked(demand.resourceId, dfid)
        if (locked + demand.micros > demand.capacity) throw noRoom(demand, locked)
      }
      return true
    },
    (state, { dfid, demands, leaseMicros }) => {
      const fence = ++state.fence
      const acquiredAt = now()
      const expiresAt = leaseMicros === null ? null : later(leaseMicros)
      for (const { resourceId, micros } of demands)
        state.holds.put({ dfid, resourceId, micros, acquiredAt, expiresAt, fence })
      return { fence, expiresAt }
    },
  ),

  release(state, dfid, fence) {
    for (const hold of ofFlow(state, dfid, fence)) state.holds.remove(hold)
  },

  renew: conditionalWrite(
    (state: MemoryState, dfid: string, _leaseMicros: number, fence: number | null) =>
      leasedOf(state, dfid, fence).length > 0,
    (state, dfid, leaseMicros, fence) => {
      for (const hold of leasedOf(state, dfid, fence))
        state.holds.put({ ...hold, expiresAt: later(leaseMicros) })
      return true
    },
  ),

  getHolds: (state, dfid, resourceId) =>
    [...live(state).find(dfid, resourceId)].sort(compareHolds).map((hold) => ({ ...hold })),

  holdsPage(state, { dfid, resourceId, leastAgeMicros }, cursor) {
    const isOld = isOlder(leastAgeMicros)
    const page = live(state).page(cursor === null ? null : (JSON.parse(cursor) as Place), PAGE)
    const items = page.filter(
      (hold) =>
        (dfid === null || hold.dfid === dfid) &&
        (resourceId === null || hold.resourceId === resourceId) &&
        isOld(hold.acquiredAt),
    )
    const last = page.at(-1)
    return {
      items: items.map((hold) => ({ ...hold })),
      next: last === undefined ? null : JSON.stringify(last),
    }
  },

  pruneFlow: flowPruning<MemoryState>({
    isOver: (state, dfid) => live(state).find(dfid, null).next().done === true,
  }),

  exportPage: (state) =>
    onePage(
      live(state)
        .find(null, null)
        .map(({ micros, ...hold }) => ({ type: 'hold' as const, ...hold, ...exportAmount(micros) })),
    ),

  importPage({ holds }, items) {
    for (const { type: _, unfit: __, amount, micros, ...hold } of items)
      holds.put({ ...hold, micros: importAmount(amount, micros) })
  },
}
