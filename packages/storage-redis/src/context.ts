import type { ContextKind, ContextOperations, Implementation } from '@dir/storage-core'
import { exportTables } from './pages.ts'
import { TABLES } from './lua.ts'
import type { ScriptPart } from './script.ts'
import { type RedisSession, as } from './session.ts'
import { fromStamp, toStamp } from './time.ts'

// A record: data, updated at. Its table is named like its kind.
export const contextScript: ScriptPart = {
  keys: { session: 'hash', session_by_id: 'zset', state: 'hash', state_by_id: 'zset' },
  shared: [
    TABLES,
    /* lua */ String.raw`
local function text_of(kind, id)
  local record = get(kind, id)
  return record and record[1]
end
`,
  ],
  read: [
    /* lua */ String.raw`
-- kind, id; answers the text or null
op.context_get = text_of
`,
  ],
  write: [
    /* lua */ String.raw`
-- kind, id, data, when (null: now)
function op.context_set(kind, id, data, at)
  put(kind, id, { data, at or now })
end

-- kind, id, expected or null, data
function refusal.context_compare_and_set(kind, id, expected)
  return text_of(kind, id) ~= expected and {}
end
function op.context_compare_and_set(kind, id, _, data)
  put(kind, id, { data, now })
end

-- kind, id, expected or null
refusal.context_expect = refusal.context_compare_and_set
function op.context_expect() end
`,
  ],
}

const KINDS = ['session', 'state'] as const

export const context: Implementation<ContextOperations, RedisSession> = {
  async get(redis, kind: ContextKind, id) {
    return as<string | null>(await redis.read('context', 'context_get', kind, id))
  },

  async set(redis, kind, id, dataJson) {
    await redis.write('context_set', kind, id, dataJson)
  },

  compareAndSet: (redis, kind, id, expectedJson, dataJson) =>
    redis.attempt('context_compare_and_set', kind, id, expectedJson, dataJson),

  expectSession: (redis, dfid, expectedJson) =>
    redis.attempt('context_expect', 'session', dfid, expectedJson),

  exportPage: (redis, cursor) =>
    exportTables(redis, 'context', KINDS, cursor, (type, id, record) => {
      const [dataJson, updatedAt] = as<[string, string]>(record)
      return { type, id, dataJson, updatedAt: fromStamp(updatedAt) }
    }),

  async importPage(redis, items) {
    await Promise.all(
      items.map(({ type, id, dataJson, updatedAt }) =>
        redis.write('context_set', type, id, dataJson, toStamp(updatedAt)),
      ),
    )
  },
}
