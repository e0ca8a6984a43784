import { nextCount, MAX_INT32 } from '@dir/storage-core/adapter'
import { exportTables } from './export-page.ts'
import { TABLES } from './lua.ts'
import { type RedisProtocol, as, freeing, same, write } from './protocol.ts'
import { PRUNE, pruneFlow } from './prune.ts'
import type { ScriptPart } from './script.ts'
import { fromStamp, toStamp } from './time.ts'

// A record: count, updated at.
const script: ScriptPart = {
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
op.count = retries_of
`,
  ],
  write: [
    PRUNE,
    /* lua */ String.raw`
-- dfid, count
function refusal.intentRetry.setCount(dfid, count) judged[dfid] = count end
function op.intentRetry.setCount(dfid, count)
  put('retries', dfid, { count, now })
end

-- dfid
function refusal.intentRetry.delete(dfid) judged[dfid] = 0 end
function op.intentRetry.delete(dfid) remove('retries', dfid) end

-- dfid; answers the new count. It depends on what comes before it in the same work, so that is judged along.
function refusal.intentRetry.increment(dfid)
  judged[dfid] = (judged[dfid] or retries_of(dfid)) + 1
  return judged[dfid] > ${MAX_INT32} and {}
end
function op.intentRetry.increment(dfid)
  local count = retries_of(dfid) + 1
  put('retries', dfid, { count, now })
  return count
end

function op.intentRetry.pruneFlow(dfid, _, _, dry) return prune('retries', dfid, dry) end

-- for each flow: dfid, count, updated at
function op.intentRetry.importPage(items)
  for _, item in ipairs(items) do put('retries', item[1], { item[2], item[3] }) end
end
`,
  ],
}

export const intentRetry: RedisProtocol<'intentRetry'> = {
  script,
  reads: {
    async getCount(redis, dfid) {
      return as<number>(await redis.read('count', dfid))
    },

    exportPage: (redis, cursor) =>
      exportTables(redis, ['retries'], cursor, (_, dfid, record) => {
        const [count, updatedAt] = as<[number, string]>(record)
        return { type: 'retryCount', dfid, count, updatedAt: fromStamp(updatedAt) }
      }),
  },
  writes: {
    setCount: write(same),
    delete: freeing(write(same)),
    increment: write(same, Number, () => nextCount(MAX_INT32)),
    pruneFlow,
    importPage: write((items) => [
      items.map(({ dfid, count, updatedAt }) => [dfid, count, toStamp(updatedAt)]),
    ]),
  },
}
