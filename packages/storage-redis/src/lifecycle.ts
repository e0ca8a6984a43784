import type { Transition } from '@dir/storage-core'
import { FLOWS_READ, FLOWS_WRITE } from './flows.ts'
import { PLACED } from './lua.ts'
import {
  LOG_READ,
  LOG_WRITE,
  type LogEntry,
  type LogPage,
  type LogRange,
  exportLog,
  logPage,
  numbersOf,
} from './log.ts'
import { type RedisProtocol, as, condition, same, write } from './protocol.ts'
import { PRUNE, PRUNE_LOG, pruneFlow } from './prune.ts'
import type { ScriptPart } from './script.ts'
import { fromStamp, toStamp } from './time.ts'

// For the flows see flows.ts.
const script: ScriptPart = {
  keys: {
    transitions: 'stream',
    transitions_by_flow: 'zset',
    statuses: 'hash',
    flows: 'zset',
    flows_by_status: 'zset',
  },
  shared: [
    PLACED,
    /* lua */ String.raw`
local function status_of(dfid) return redis.call('HGET', key.statuses, dfid) end
`,
  ],
  read: [
    LOG_READ,
    FLOWS_READ,
    /* lua */ String.raw`
-- dfid; answers the current status or null
op.status = status_of
`,
  ],
  write: [
    PRUNE,
    LOG_WRITE,
    PRUNE_LOG,
    FLOWS_WRITE,
    /* lua */ String.raw`
-- A stream has only texts: null is '', others stand after an equals sign.
local function append_transition(dfid, from, to, at)
  local number = count('transitions')
  local id = next_entry('transitions', number, dfid)
  write('XADD', key.transitions, id, 'dfid', dfid, 'from', from and '=' .. from or '', 'to', to, 'at', at)
  leave_status(dfid)
  write('HSET', key.statuses, dfid, to)
  write('ZADD', key.flows, number, dfid)
  write('ZADD', key.flows_by_status, 0, placed(to, number, dfid))
end

-- dfid, from or null, to
function op.lifecycle.recordTransition(dfid, from, to) append_transition(dfid, from, to, now) end

-- dfid, from or null, to
function refusal.lifecycle.transition(dfid, from)
  local status = status_of(dfid)
  return status ~= from and { status }
end
op.lifecycle.transition = op.lifecycle.recordTransition

-- dfid, status or null
refusal.lifecycle.expectStatus = refusal.lifecycle.transition
function op.lifecycle.expectStatus() end

-- transitions, each dfid, from or null, to, at
function op.lifecycle.importPage(items)
  for _, item in ipairs(items) do append_transition(unpack(item)) end
end
`,
  ],
}

function toTransition({ fields }: LogEntry): Transition & { readonly createdAt: string } {
  const { dfid = '', from = '', to = '', at = '' } = fields
  return { dfid, fromStatus: from === '' ? null : from.slice(1), toStatus: to, createdAt: fromStamp(at) }
}

const PAGE = 500

export const lifecycle: RedisProtocol<'lifecycle'> = {
  script,
  reads: {
    async getTransitions(redis, dfid) {
      const found: Transition[] = []
      const index = dfid === null ? null : (['transitions_by_flow', dfid] as const)
      for (let range: LogRange | null = numbersOf('transitions', index, 0, null); range !== null;) {
        const page: LogPage = await logPage(redis, range, PAGE)
        found.push(...page.entries.map(toTransition))
        range = page.next
      }
      return found
    },

    async getCurrentStatus(redis, dfid) {
      return as<string | null>(await redis.read('status', dfid))
    },

    async flowsPage(redis, { status, leastAgeMicros }, cursor) {
      const reply = await redis.read('flows_page', status, leastAgeMicros, cursor ?? '0')
      const [rows, next] = as<[readonly [string, string, string][], string | null]>(reply)
      return { items: rows.map(([dfid, to, at]) => ({ dfid, status: to, since: fromStamp(at) })), next }
    },

    exportPage: (redis, cursor) =>
      exportLog(redis, 'transitions', cursor, (entry) => ({ type: 'transition', ...toTransition(entry) })),
  },
  writes: {
    recordTransition: write(same),
    transition: condition(same),
    expectStatus: condition(same),
    pruneFlow,
    importPage: write((items) => [
      items.map(({ dfid, fromStatus, toStatus, createdAt }) => [
        dfid,
        fromStatus,
        toStatus,
        toStamp(createdAt),
      ]),
    ]),
  },
}
