import {
  type HoldExport,
  type Implementation,
  type ResourceLockOperations,
  compareIds,
  exportAmount,
  noRoom,
  importAmount,
} from '@dir/storage-core'
import { allPages, exportTables } from './pages.ts'
import { type RedisSession, Refused, type Reply, as } from './session.ts'
import { fromStamp, toStamp } from './time.ts'

function toHold(id: string, record: Reply) {
  const [micros, acquiredAt, expiresAt, fence] = as<[number, string, string | null, number]>(record)
  const [resourceId = '', dfid = ''] = id.split('\0')
  return {
    dfid,
    resourceId,
    micros,
    acquiredAt: fromStamp(acquiredAt),
    expiresAt: expiresAt === null ? null : fromStamp(expiresAt),
    fence,
  }
}

export const resourceLock: Implementation<ResourceLockOperations, RedisSession> = {
  async getLockedAmount(redis, resourceId, excludeDfid) {
    return as<number>(await redis.read('resourceLock', 'hold_locked', resourceId, excludeDfid))
  },

  async acquire(redis, { dfid, demands, leaseMicros }) {
    const flat = demands.flatMap(({ resourceId, micros, capacity }) => [resourceId, micros, capacity])
    try {
      const reply = await redis.write('hold_acquire', dfid, leaseMicros, ...flat)
      const [fence, expiresAt] = as<[number, string | null]>(reply)
      return { fence, expiresAt: expiresAt === null ? null : fromStamp(expiresAt) }
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      const [position, others] = as<[number, number]>(error.details)
      const demand = demands[position]
      throw demand === undefined ? error : noRoom(demand, others)
    }
  },

  async release(redis, dfid, fence) {
    await redis.write('hold_release', dfid, fence)
  },

  renew: (redis, dfid, leaseMicros, fence) => redis.attempt('hold_renew', dfid, leaseMicros, fence),

  async getHolds(redis, dfid, resourceId) {
    const rows = await allPages<[string, Reply]>(redis, 'resourceLock', '', 'hold_list', dfid, resourceId)
    const holds = rows.map(([id, record]) => toHold(id, record))
    return holds.sort(
      (a, b) => a.fence - b.fence || compareIds(a.dfid, b.dfid) || compareIds(a.resourceId, b.resourceId),
    )
  },

  async exportPage(redis, cursor) {
    const toItem = (_: string, id: string, record: Reply): HoldExport => {
      const { micros, ...hold } = toHold(id, record)
      return { type: 'hold', ...hold, ...exportAmount(micros) }
    }
    return exportTables(redis, 'resourceLock', ['holds'], cursor, toItem)
  },

  async importPage(redis, items) {
    await Promise.all(
      items.map(({ resourceId, dfid, amount, micros, acquiredAt, expiresAt, fence }) => {
        const expires = expiresAt === null ? null : toStamp(expiresAt)
        return redis.write(
          'hold_import',
          resourceId,
          dfid,
          importAmount(amount, micros),
          toStamp(acquiredAt),
          expires,
          fence,
        )
      }),
    )
  },
}
