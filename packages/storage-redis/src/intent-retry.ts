import { type Implementation, type IntentRetryOperations, nextCount } from '@dir/storage-core'
import { exportTables } from './pages.ts'
import { TABLES } from './lua.ts'
import type { ScriptPart } from './script.ts'
import { type RedisSession, Refused, as } from './session.ts'
import { fromStamp, toStamp } from './time.ts'

const MAX_INT32 = 2 ** 31 - 1

// A record: count, updated at.
export const intentRetryScript: ScriptPart = {
  keys: { retries: 'hash', retries_by_id: 'zset' },
  shared: [
    TABLES,
    /* lua */ String.raw`
local function retries_of(dfid)
  local record = get('retries', dfid)
  return record and record[1] or 0
end
`,
  ],
  read: [
    /* lua */ String.raw`
-- dfid; answers the count
op.retry_get = retries_of
`,
  ],
  write: [
    /* lua */ String.raw`
-- dfid, count, when (null: now)
function refusal.retry_set(dfid, count) judged[dfid] = count end
function op.retry_set(dfid, count, at)
  put('retries', dfid, { count, at or now })
end

-- dfid
function refusal.retry_delete(dfid) judged[dfid] = 0 end
function op.retry_delete(dfid) remove('retries', dfid) end

-- dfid; answers the new count. It depends on what comes before it in the same work, so that is judged along.
function refusal.retry_increment(dfid)
  judged[dfid] = (judged[dfid] or retries_of(dfid)) + 1
  return judged[dfid] > ${MAX_INT32} and {}
end
function op.retry_increment(dfid)
  local count = retries_of(dfid) + 1
  put('retries', dfid, { count, now })
  return count
end
`,
  ],
}

export const intentRetry: Implementation<IntentRetryOperations, RedisSession> = {
  async getCount(redis, dfid) {
    return as<number>(await redis.read('intentRetry', 'retry_get', dfid))
  },

  async setCount(redis, dfid, count) {
    await redis.write('retry_set', dfid, count)
  },

  async delete(redis, dfid) {
    await redis.write('retry_delete', dfid)
  },

  async increment(redis, dfid) {
    try {
      return as<number>(await redis.write('retry_increment', dfid))
    } catch (error) {
      if (error instanceof Refused) nextCount(MAX_INT32)
      throw error
    }
  },

  exportPage: (redis, cursor) =>
    exportTables(redis, 'intentRetry', ['retries'], cursor, (_, dfid, record) => {
      const [count, updatedAt] = as<[number, string]>(record)
      return { type: 'retryCount', dfid, count, updatedAt: fromStamp(updatedAt) }
    }),

  async importPage(redis, items) {
    await Promise.all(
      items.map(({ dfid, count, updatedAt }) => redis.write('retry_set', dfid, count, toStamp(updatedAt))),
    )
  },
}
