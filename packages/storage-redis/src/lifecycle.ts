import type { Transition } from '@dir/storage-core'
import { LOG_READ, LOG_WRITE, type LogEntry, exportLog, logPage } from './log.ts'
import { type RedisProtocol, as, condition, same, write } from './protocol.ts'
import type { ScriptPart } from './script.ts'
import { fromStamp, toStamp } from './time.ts'

const script: ScriptPart = {
  keys: { transitions: 'stream', transitions_by_flow: 'zset', statuses: 'hash' },
  shared: [
    /* lua */ String.raw`
local function status_of(dfid) return redis.call('HGET', key.statuses, dfid) end
`,
  ],
  read: [
    LOG_READ,
    /* lua */ String.raw`
-- dfid; answers the current status or null
op.status = status_of
`,
  ],
  write: [
    LOG_WRITE,
    /* lua */ String.raw`
-- A stream has only texts: null is '', others stand after an equals sign.
local function append_transition(dfid, from, to, at)
  local id = next_entry('transitions', count('transitions'), dfid)
  write('XADD', key.transitions, id, 'dfid', dfid, 'from', from and '=' .. from or '', 'to', to, 'at', at)
  write('HSET', key.statuses, dfid, to)
end

-- dfid, from or null, to
function op.lifecycle.recordTransition(dfid, from, to) append_transition(dfid, from, to, now) end

-- dfid, from or null, to
function refusal.lifecycle.transition(dfid, from)
  return status_of(dfid) ~= from and {}
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
      for (let after: number | null = 0; after !== null;) {
        const page = await logPage(redis, { log: 'transitions', dfid, after, limit: PAGE })
        found.push(...page.entries.map(toTransition))
        after = page.next
      }
      return found
    },

    async getCurrentStatus(redis, dfid) {
      return as<string | null>(await redis.read('status', dfid))
    },

    exportPage: (redis, cursor) =>
      exportLog(redis, 'transitions', cursor, (entry) => ({ type: 'transition', ...toTransition(entry) })),
  },
  writes: {
    recordTransition: write(same),
    transition: condition(same),
    expectStatus: condition(same),
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
