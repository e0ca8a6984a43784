import {
  type AcquireRequest,
  type Grant,
  type Implementation,
  type ResourceLockOperations,
  compareIds,
  conditionalSteps,
  exportAmount,
  importAmount,
} from '@dir/storage-core'
import type { Filter } from 'mongodb'
import type { MongoContext } from './mongo-context.ts'
import type { HoldDocument } from './documents.ts'
import { replaceAll } from './bulk.ts'
import { exportPage } from './export-page.ts'
import { LockBoard } from './lock-board.ts'
import { raised } from './lock-rows.ts'
import { SERVER_NOW } from './time.ts'

const NAME = 'resource_locks'

/** Holds that have not expired, on the server's clock; null sorts before every time there. */
const LIVE = { $or: [{ expiresAt: null }, { $expr: { $gt: ['$expiresAt', SERVER_NOW] } }] }

const board = (context: MongoContext, dfid: string, resources: readonly string[], acquires: number) =>
  LockBoard.load(context, { flows: [dfid], resources, acquires })

const namesOf = ({ demands }: AcquireRequest): string[] => demands.map(({ resourceId }) => resourceId)

async function enactAcquire(context: MongoContext, request: AcquireRequest): Promise<Grant> {
  const locks = await board(context, request.dfid, namesOf(request), 1)
  const grant = locks.acquire(request)
  await locks.save(context)
  return grant
}

async function renew(
  context: MongoContext,
  dfid: string,
  leaseMicros: number,
  fence: number | null,
): Promise<boolean> {
  const locks = await board(context, dfid, [], 0)
  const renewed = locks.renew(dfid, leaseMicros, fence)
  await locks.save(context)
  return renewed
}

// alone, these four run in the lock queue, many in one transaction; here they run inside the transaction of a batch
export const resourceLock: Implementation<ResourceLockOperations, MongoContext> = {
  acquire: conditionalSteps<[MongoContext, AcquireRequest], Grant>(enactAcquire, {
    async judge(context, request) {
      const locks = await board(context, request.dfid, namesOf(request), 0)
      locks.judge(request)
      return true
    },
    enact: enactAcquire,
  }) as Implementation<ResourceLockOperations, MongoContext>['acquire'],

  async release(context, dfid, fence) {
    const locks = await board(context, dfid, [], 0)
    locks.release(dfid, fence)
    await locks.save(context)
  },

  renew: conditionalSteps(renew, {
    async judge(context: MongoContext, dfid: string, leaseMicros: number, fence: number | null) {
      return (await board(context, dfid, [], 0)).renew(dfid, leaseMicros, fence)
    },
    async enact(context, ...renewal) {
      await renew(context, ...renewal)
      return true
    },
  }),

  async getLockedAmount(context, resourceId, excludeDfid) {
    const filter: Filter<HoldDocument> = {
      '_id.resourceId': resourceId,
      ...(excludeDfid === null ? {} : { '_id.dfid': { $ne: excludeDfid } }),
      ...LIVE,
    }
    const [sum] = await context
      .collection(NAME)
      .aggregate<{ total: number }>(
        [{ $match: filter }, { $group: { _id: null, total: { $sum: '$micros' } } }],
        context.ofOneMoment,
      )
      .toArray()
    return sum?.total ?? 0
  },

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
    return found
      .map(({ _id, ...hold }) => ({ dfid: _id.dfid, resourceId: _id.resourceId, ...hold }))
      .sort(
        (a, b) => a.fence - b.fence || compareIds(a.dfid, b.dfid) || compareIds(a.resourceId, b.resourceId),
      )
  },

  async exportPage(context, cursor) {
    const now = await context.now()
    return exportPage(context, NAME, '_id', cursor, ({ _id, micros, ...hold }) => {
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
    const versions = holds.map(({ _id, micros }) => raised('resource', _id.resourceId, micros))
    await context.collection('lock_versions').bulkWrite(versions, context.options)
  },
}
