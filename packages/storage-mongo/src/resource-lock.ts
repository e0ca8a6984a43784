import type { HoldExport } from '@dir/storage-core'
import {
  type AcquireRequest,
  type HoldRow,
  type Implementation,
  type ResourceLockReads,
  type ResourceLockWrites,
  type SyncImplementation,
  type Transfer,
  conditionalWrite,
  exportAmount,
  importAmount,
  noRoom,
  compareHolds,
} from '@dir/storage-core/adapter'
import type { Filter } from 'mongodb'
import type { HoldDocument } from './documents.ts'
import { exportPage } from './export-page.ts'
import {
  LIVE,
  changeTotal,
  flow,
  holdsOf,
  isExpired,
  lockedMicros,
  put,
  raised,
  remove,
  resource,
} from './holds.ts'
import { replaceAll } from './import.ts'
import type { Wanted } from './load.ts'
import { getLockedAmount } from './locked-amount.ts'
import type { LoadedState } from './loaded-state.ts'
import type { MongoContext } from './mongo-context.ts'
import { pruning } from './prune.ts'
import { SERVER_NOW, isOlder, plus } from './time.ts'
import { needing } from './writing.ts'

const NAME = 'resource_locks'
const VERSIONS = 'lock_versions'

const upTo = (state: LoadedState, dfid: string, fence: number | null): HoldDocument[] =>
  [...holdsOf(state, dfid).values()].filter((hold) => fence === null || hold.fence <= fence)

const leasedOf = (state: LoadedState, dfid: string, fence: number | null): HoldDocument[] =>
  upTo(state, dfid, fence).filter((hold) => hold.expiresAt !== null)

const itsHolds = (wanted: Wanted, dfid: string): void => {
  wanted.clock()
  wanted.flows.add(dfid)
}

export const resourceLockWrites: SyncImplementation<ResourceLockWrites, LoadedState> = {
  acquire: needing(
    (wanted, { dfid, demands }) => {
      itsHolds(wanted, dfid)
      wanted.fences++
      wanted.document(VERSIONS, flow(dfid))
      for (const { resourceId } of demands) {
        wanted.resources.add(resourceId)
        wanted.document(VERSIONS, resource(resourceId))
      }
    },
    conditionalWrite(
      (state: LoadedState, { dfid, demands }: AcquireRequest): true => {
        for (const demand of demands) {
          const locked = lockedMicros(state, demand.resourceId, dfid)
          if (locked + demand.micros > demand.capacity) throw noRoom(demand, locked)
        }
        return true
      },
      (state, { dfid, demands, leaseMicros }) => {
        const fence = state.fence++
        const expiresAt = leaseMicros === null ? null : plus(state.now, leaseMicros)
        state.update(VERSIONS, flow(dfid), raised({}, { fence }))
        for (const { resourceId, micros } of demands) {
          const own = holdsOf(state, dfid).get(resourceId)?.micros ?? 0
          changeTotal(state, resourceId, micros - own, fence)
          put(state, { _id: { dfid, resourceId }, micros, acquiredAt: state.now, expiresAt, fence })
        }
        return { fence, expiresAt }
      },
    ),
  ),

  release: needing(itsHolds, (state: LoadedState, dfid: string, fence: number | null) => {
    // so that it cannot miss an acquire that is not committed yet
    state.update(VERSIONS, flow(dfid), raised({}))
    for (const hold of upTo(state, dfid, fence)) remove(state, hold)
  }),

  renew: needing(
    itsHolds,
    conditionalWrite(
      (state: LoadedState, dfid: string, _leaseMicros: number, fence: number | null) =>
        leasedOf(state, dfid, fence).length > 0,
      (state, dfid, leaseMicros, fence) => {
        for (const hold of leasedOf(state, dfid, fence))
          put(state, { ...hold, expiresAt: plus(state.now, leaseMicros) })
        return true
      },
    ),
  ),

  pruneFlow: pruning(
    (wanted, dfid) => {
      itsHolds(wanted, dfid)
      wanted.leavesExpired = true // no operation of another kind shares a commit with it
    },
    {
      isOver: (state, dfid) => upTo(state, dfid, null).every((hold) => isExpired(state, hold)),
      remove(state, dfid) {
        state.guard(VERSIONS, flow(dfid)) // whoever acquires writes it
        for (const hold of upTo(state, dfid, null)) remove(state, hold)
      },
    },
  ),
}

const toRow = ({ _id, ...hold }: HoldDocument): HoldRow => {
  return { dfid: _id.dfid, resourceId: _id.resourceId, ...hold }
}

export const resourceLock: Implementation<ResourceLockReads & Transfer<HoldExport>, MongoContext> = {
  getLockedAmount,

  async getHolds(context, dfid, resourceId) {
    const filter: Filter<HoldDocument> = {
      ...(dfid === null ? {} : { '_id.dfid': dfid }),
      ...(resourceId === null ? {} : { '_id.resourceId': resourceId }),
      ...LIVE,
    }
    // some servers forbid what has no index
    const hint = dfid === null && resourceId === null ? { hint: { _id: 1 } } : {}
    const found = await context
      .collection(NAME)
      .find(filter, { ...context.ofOneMoment, ...hint })
      .toArray()
    return found.map(toRow).sort(compareHolds)
  },

  holdsPage(context, { dfid, resourceId, leastAgeMicros }, cursor) {
    const fits = {
      $and: [
        { $or: [{ $eq: ['$expiresAt', null] }, { $gt: ['$expiresAt', SERVER_NOW] }] },
        ...(dfid === null ? [] : [{ $eq: ['$_id.dfid', { $literal: dfid }] }]),
        ...(resourceId === null ? [] : [{ $eq: ['$_id.resourceId', { $literal: resourceId }] }]),
        isOlder('$acquiredAt', leastAgeMicros),
      ],
    }
    return exportPage(context, NAME, ['fence', '_id'], cursor, toRow, { fits })
  },

  async exportPage(context, cursor) {
    const now = await context.now()
    return exportPage(context, NAME, ['_id'], cursor, ({ _id, micros, ...hold }) => {
      if (hold.expiresAt !== null && hold.expiresAt <= now) return null
      return {
        type: 'hold' as const,
        dfid: _id.dfid,
        resourceId: _id.resourceId,
        ...exportAmount(micros),
        ...hold,
      }
    })
  },

  async importPage(context, items) {
    const holds = items.map(({ type: _, unfit: __, dfid, resourceId, amount, micros, ...hold }) => {
      return { _id: { dfid, resourceId }, micros: importAmount(amount, micros), ...hold }
    })
    await replaceAll(context, NAME, holds)
    const versions = holds.map(({ _id, micros }) => {
      const update = raised({ total: micros })
      return { updateOne: { filter: { _id: resource(_id.resourceId) }, update, upsert: true } }
    })
    await context.collection(VERSIONS).bulkWrite(versions, context.options)
  },
}
