import type { Implementation, LifecycleOperations, Transition } from '@dir/storage-core'
import { LOG_READ, LOG_WRITE, type LogEntry, logPage } from './log.ts'
import type { ScriptPart } from './script.ts'
import { type RedisSession, as } from './session.ts'
import { fromStamp, toStamp } from './time.ts'

export const lifecycleScript: ScriptPart = {
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
op.flow_status = status_of
`,
  ],
  write: [
    LOG_WRITE,
    /* lua */ String.raw`
-- dfid, from or null, to, when (null: now). A stream has only texts: null is '', others stand after an equals sign.
function op.flow_record(dfid, from, to, at)
  append('transitions', count('transitions'), dfid, 'from', from and '=' .. from or '', 'to', to, 'at', at or now)
  write('HSET', key.statuses, dfid, to)
end

-- dfid, from or null, to
function refusal.flow_transition(dfid, from)
  return status_of(dfid) ~= from and {}
end
op.flow_transition = op.flow_record

-- dfid, status or null
refusal.flow_expect = refusal.flow_transition
function op.flow_expect() end
`,
  ],
}

function toTransition({ fields }: LogEntry): Transition & { readonly createdAt: string } {
  const { dfid = '', from = '', to = '', at = '' } = fields
  return { dfid, fromStatus: from === '' ? null : from.slice(1), toStatus: to, createdAt: fromStamp(at) }
}

const PAGE = 500

export const lifecycle: Implementation<LifecycleOperations, RedisSession> = {
  async recordTransition(redis, dfid, fromStatus, toStatus) {
    await redis.write('flow_record', dfid, fromStatus, toStatus)
  },

  async getTransitions(redis, dfid) {
    const found: Transition[] = []
    for (let after: number | null = 0; after !== null;) {
      const page = await logPage(redis, 'lifecycle', { log: 'transitions', dfid, after, limit: PAGE })
      found.push(...page.entries.map(toTransition))
      after = page.next
    }
    return found
  },

  async getCurrentStatus(redis, dfid) {
    return as<string | null>(await redis.read('lifecycle', 'flow_status', dfid))
  },

  transition: (redis, dfid, fromStatus, toStatus) =>
    redis.attempt('flow_transition', dfid, fromStatus, toStatus),

  expectStatus: (redis, dfid, status) => redis.attempt('flow_expect', dfid, status),

  async exportPage(redis, cursor) {
    const after = Number(cursor ?? 0)
    const { entries, next } = await logPage(redis, 'lifecycle', {
      log: 'transitions',
      dfid: null,
      after,
      limit: PAGE,
    })
    const items = entries.map((entry) => ({ type: 'transition' as const, ...toTransition(entry) }))
    return { items, next: next === null ? null : String(next) }
  },

  async importPage(redis, items) {
    await Promise.all(
      items.map(({ dfid, fromStatus, toStatus, createdAt }) =>
        redis.write('flow_record', dfid, fromStatus, toStatus, toStamp(createdAt)),
      ),
    )
  },
}
