import type { Implementation, SagaOperations } from '@dir/storage-core'
import { allPages, exportTables, lastOfEach } from './pages.ts'
import { TABLES } from './lua.ts'
import type { ScriptPart } from './script.ts'
import { type RedisSession, as } from './session.ts'
import { fromStamp, toStamp } from './time.ts'

// A record: failed step, partial state, created at. The numbers that order the marks are counted in `meta`.
export const sagaScript: ScriptPart = {
  keys: { dirty: 'hash', dirty_by_number: 'zset' },
  shared: [TABLES],
  read: [
    /* lua */ String.raw`
-- after a number; answers dfids, and after which number to go on, or false at the end
function op.dirty_list(after)
  local ids, _, next = numbered('dirty_by_number', after)
  return { ids, next }
end

-- dfid; answers the record or null
function op.dirty_get(dfid) return get('dirty', dfid) end
`,
  ],
  write: [
    /* lua */ String.raw`
-- dfid, failed step, partial state, when (null: now)
function op.dirty_mark(dfid, step, partial, at)
  write('HSET', key.dirty, dfid, cmsgpack.pack({ step, partial, at or now }))
  write('ZADD', key.dirty_by_number, count('marks'), dfid)
end

-- dfid
function op.dirty_clear(dfid)
  write('HDEL', key.dirty, dfid)
  write('ZREM', key.dirty_by_number, dfid)
end
`,
  ],
}

export const saga: Implementation<SagaOperations, RedisSession> = {
  async markDirty(redis, dfid, failedStep, partialStateJson) {
    await redis.write('dirty_mark', dfid, failedStep, partialStateJson)
  },

  async getDirtyFlows(redis) {
    const dfids = await allPages<string>(redis, 'saga', '-inf', 'dirty_list')
    return lastOfEach(dfids, (dfid) => dfid)
  },

  async getDirtyState(redis, dfid) {
    const record = as<[string, string] | null>(await redis.read('saga', 'dirty_get', dfid))
    return record === null ? null : { failedStep: record[0], partialStateJson: record[1] }
  },

  async clearDirty(redis, dfid) {
    await redis.write('dirty_clear', dfid)
  },

  exportPage: (redis, cursor) =>
    exportTables(
      redis,
      'saga',
      ['dirty'],
      cursor,
      (_, dfid, record) => {
        const [failedStep, partialStateJson, createdAt] = as<[string, string, string]>(record)
        return { type: 'dirtyFlow', dfid, failedStep, partialStateJson, createdAt: fromStamp(createdAt) }
      },
      'number',
    ),

  async importPage(redis, items) {
    await Promise.all(
      items.map(({ dfid, failedStep, partialStateJson, createdAt }) =>
        redis.write('dirty_mark', dfid, failedStep, partialStateJson, toStamp(createdAt)),
      ),
    )
  },
}
