import { exportTables } from './export-page.ts'
import { TABLES } from './lua.ts'
import { type RedisProtocol, as, condition, same, write } from './protocol.ts'
import { PRUNE, pruneFlow } from './prune.ts'
import type { ScriptPart } from './script.ts'
import { fromStamp, toStamp } from './time.ts'

// A record: data, updated at. Its table is named like its kind.
const script: ScriptPart = {
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
op.text = text_of
`,
  ],
  write: [
    PRUNE,
    /* lua */ String.raw`
-- kind, id, data
function op.context.set(kind, id, data)
  put(kind, id, { data, now })
end

-- kind, id, expected or null, data
function refusal.context.compareAndSet(kind, id, expected)
  local text = text_of(kind, id)
  return text ~= expected and { text and 'other' }
end
function op.context.compareAndSet(kind, id, _, data)
  put(kind, id, { data, now })
end

-- dfid, expected or null
function refusal.context.expectSession(dfid, expected)
  return refusal.context.compareAndSet('session', dfid, expected)
end
function op.context.expectSession() end

function op.context.pruneFlow(dfid, _, _, dry) return prune('session', dfid, dry) end

-- for each record: kind, id, data, updated at
function op.context.importPage(items)
  for _, item in ipairs(items) do put(item[1], item[2], { item[3], item[4] }) end
end
`,
  ],
}

const KINDS = ['session', 'state'] as const

export const context: RedisProtocol<'context'> = {
  script,
  reads: {
    async get(redis, kind, id) {
      return as<string | null>(await redis.read('text', kind, id))
    },

    exportPage: (redis, cursor) =>
      exportTables(redis, KINDS, cursor, (type, id, record) => {
        const [dataJson, updatedAt] = as<[string, string]>(record)
        return { type, id, dataJson, updatedAt: fromStamp(updatedAt) }
      }),
  },
  writes: {
    set: write(same),
    compareAndSet: condition(same),
    expectSession: condition(same),
    pruneFlow,
    importPage: write((items) => [
      items.map(({ type, id, dataJson, updatedAt }) => [type, id, dataJson, toStamp(updatedAt)]),
    ]),
  },
}
