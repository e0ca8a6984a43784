import { exportTables } from './export-page.ts'
import { TABLES } from './lua.ts'
import { allPages, lastOfEach } from './pages.ts'
import { type RedisProtocol, type Reply, as, freeing, same, write } from './protocol.ts'
import { pruneFlow } from './prune.ts'
import type { ScriptPart } from './script.ts'
import { fromStamp, toStamp } from './time.ts'

// A record: failed step, partial state, created at. The numbers that order the marks are counted in `meta`.
const script: ScriptPart = {
  keys: { dirty: 'hash', dirty_by_number: 'zset' },
  shared: [TABLES],
  read: [
    /* lua */ String.raw`
-- after a number; answers dfids, and after which number to go on, or false at the end
function op.dirty_flows(after)
  local ids, _, next = numbered('dirty_by_number', after)
  return { ids, next }
end

-- least age in microseconds (null: any), after a number; answers those of the next marks that fit, and after which number to
-- go on, or false at the end
function op.dirty_page(age, after)
  local latest = age and stamp(-age)
  local ids, numbers, next = numbered('dirty_by_number', after)
  return fill('dirty', ids, numbers, next, latest and function(record) return record[3] <= latest end)
end

-- dfid; answers the record or null
function op.mark(dfid) return get('dirty', dfid) end
`,
  ],
  write: [
    /* lua */ String.raw`
local function mark(dfid, step, partial, at)
  write('HSET', key.dirty, dfid, cmsgpack.pack({ step, partial, at }))
  write('ZADD', key.dirty_by_number, count('marks'), dfid)
end

-- dfid, failed step, partial state
function op.saga.markDirty(dfid, step, partial) mark(dfid, step, partial, now) end

-- dfid
function op.saga.clearDirty(dfid)
  write('HDEL', key.dirty, dfid)
  write('ZREM', key.dirty_by_number, dfid)
end

function refusal.saga.pruneFlow(dfid) return redis.call('ZSCORE', key.dirty_by_number, dfid) and {} end
function op.saga.pruneFlow() return 0 end

-- for each flow: dfid, failed step, partial state, created at
function op.saga.importPage(items)
  for _, item in ipairs(items) do mark(unpack(item)) end
end
`,
  ],
}

function toMark(record: Reply) {
  const [failedStep, partialStateJson, created] = as<[string, string, string]>(record)
  return { failedStep, partialStateJson, createdAt: fromStamp(created) }
}

export const saga: RedisProtocol<'saga'> = {
  script,
  reads: {
    async getDirtyFlows(redis) {
      const dfids = await allPages<string>(redis, '-inf', 'dirty_flows')
      return lastOfEach(dfids, (dfid) => dfid)
    },

    async getDirtyState(redis, dfid) {
      const record = as<[string, string] | null>(await redis.read('mark', dfid))
      return record === null ? null : { failedStep: record[0], partialStateJson: record[1] }
    },

    async dirtyFlowsPage(redis, leastAgeMicros, cursor) {
      const reply = await redis.read('dirty_page', leastAgeMicros, cursor ?? '0')
      const [rows, next] = as<[readonly [string, Reply][], string | null]>(reply)
      const items = rows.map(([dfid, record]) => {
        const { createdAt, ...mark } = toMark(record)
        return { dfid, ...mark, markedAt: createdAt }
      })
      return { items, next }
    },

    exportPage: (redis, cursor) =>
      exportTables(
        redis,
        ['dirty'],
        cursor,
        (_, dfid, record) => ({ type: 'dirtyFlow', dfid, ...toMark(record) }),
        'number',
      ),
  },
  writes: {
    markDirty: write(same),
    clearDirty: freeing(write(same)),
    pruneFlow,
    importPage: write((items) => [
      items.map(({ dfid, failedStep, partialStateJson, createdAt }) => [
        dfid,
        failedStep,
        partialStateJson,
        toStamp(createdAt),
      ]),
    ]),
  },
}
