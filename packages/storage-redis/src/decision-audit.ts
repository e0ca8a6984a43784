import {
  type DecisionAuditOperations,
  type EventRow,
  type Implementation,
  InvalidArgumentError,
} from '@dir/storage-core'
import { LOG_READ, LOG_WRITE, type LogEntry, logPage } from './log.ts'
import type { ScriptPart } from './script.ts'
import { type RedisSession, Refused, as } from './session.ts'
import { fromStamp, toStamp } from './time.ts'

export const decisionAuditScript: ScriptPart = {
  keys: { events: 'stream', events_by_flow: 'zset' },
  shared: [],
  read: [LOG_READ],
  write: [
    LOG_WRITE,
    /* lua */ String.raw`
-- dfid, event, step id, state, details; answers the event's number
function op.event_record(dfid, event, step, state, details)
  local seq = count('events')
  append('events', seq, dfid, 'event', event, 'at', now, 'step', step, 'state', state, 'details', details)
  return seq
end

-- number, dfid, event, at, step id, state, details; refused unless numbers rise
function refusal.event_import(seq)
  if seq <= (judged.event or counters.events) then return {} end
  judged.event = seq
end
function op.event_import(seq, dfid, event, at, step, state, details)
  append('events', count('events', seq), dfid, 'event', event, 'at', at, 'step', step, 'state', state, 'details', details)
end
`,
  ],
}

function toRow({
  seq,
  fields,
}: LogEntry): EventRow & { readonly timestamp: string; readonly detailsJson: string } {
  const { dfid = '', event = '', at = '', step = '', state = '', details = '' } = fields
  return { seq, dfid, event, timestamp: fromStamp(at), stepId: step, state, detailsJson: details }
}

const PAGE = 500

export const decisionAudit: Implementation<DecisionAuditOperations, RedisSession> = {
  async recordMany(redis, events) {
    const numbers = events.map(({ dfid, event, stepId, state, detailsJson }) =>
      redis.write('event_record', dfid, event, stepId, state, detailsJson),
    )
    return as<number[]>(await Promise.all(numbers))
  },

  async eventsPage(redis, { dfid, event, afterSeq, limit }) {
    for (let after = afterSeq; ;) {
      const { entries, next } = await logPage(redis, 'decisionAudit', {
        log: 'events',
        dfid,
        after,
        limit,
        second: event,
      })
      if (entries.length > 0 || next === null) return entries.map(toRow)
      after = next
    }
  },

  async exportPage(redis, cursor) {
    const after = Number(cursor ?? 0)
    const { entries, next } = await logPage(redis, 'decisionAudit', {
      log: 'events',
      dfid: null,
      after,
      limit: PAGE,
    })
    const items = entries.map((entry) => ({ type: 'event' as const, ...toRow(entry) }))
    return { items, next: next === null ? null : String(next) }
  },

  async importPage(redis, items) {
    try {
      await Promise.all(
        items.map(({ seq, dfid, event, timestamp, stepId, state, detailsJson }) =>
          redis.write('event_import', seq, dfid, event, toStamp(timestamp), stepId, state, detailsJson),
        ),
      )
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      throw new InvalidArgumentError('records', 'must hold the events in the order of seq, each once')
    }
  },
}
