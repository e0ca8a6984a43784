import { type EventExport, InvalidArgumentError } from '@dir/storage-core'
import type { EventRow, NewEvent } from '@dir/storage-core/adapter'
import { LOG_READ, LOG_WRITE, type LogEntry, exportLog, logPage } from './log.ts'
import { type RedisProtocol, write } from './protocol.ts'
import { PRUNE, PRUNE_LOG, pruneFlow } from './prune.ts'
import type { ScriptPart } from './script.ts'
import { fromStamp, toStamp } from './time.ts'

const script: ScriptPart = {
  keys: { events: 'stream', events_by_flow: 'zset' },
  shared: [],
  read: [LOG_READ],
  write: [
    PRUNE,
    LOG_WRITE,
    PRUNE_LOG,
    /* lua */ String.raw`
local function append_event(seq, dfid, event, at, step, state, details)
  local id = next_entry('events', seq, dfid)
  write('XADD', key.events, id, 'dfid', dfid, 'event', event, 'at', at, 'step', step, 'state', state, 'details', details)
  return id
end

-- dfid, event, step id, state, details; and for more events a list of the same; answers the first one's number, the
-- others follow
function op.decisionAudit.recordMany(dfid, event, step, state, details, more)
  local first = append_event(count('events'), dfid, event, now, step, state, details)
  for _, item in ipairs(more or {}) do
    append_event(count('events'), item[1], item[2], now, item[3], item[4], item[5])
  end
  return first
end

-- events, each number, dfid, event, at, step id, state, details; refused unless numbers rise
function refusal.decisionAudit.importPage(items)
  local last = counters.events
  for _, event in ipairs(items) do
    if event[1] <= last then return {} end
    last = event[1]
  end
end
function op.decisionAudit.importPage(items)
  for _, event in ipairs(items) do append_event(count('events', event[1]), unpack(event, 2)) end
end

-- Refused for the flow of the last event: its number must stay known.
function refusal.decisionAudit.pruneFlow(dfid, _, before)
  look_at_log('events', dfid)
  local last = redis.call('XREVRANGE', key.events, '+', '-', 'COUNT', 1)[1]
  if last and last[2][2] == dfid then return {} end
  local members = members_of('events_by_flow', dfid)
  for i = #members, 1, -1 do
    local id = string.sub(members[i], -16)
    if redis.call('XRANGE', key.events, id, id)[1][2][6] >= before then return {} end
  end
end
function op.decisionAudit.pruneFlow(dfid, _, _, dry) return prune_log('events', dfid, dry) end
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

function fieldsOf({ dfid, event, stepId, state, detailsJson }: NewEvent): readonly string[] {
  return [dfid, event, stepId, state, detailsJson]
}

export const decisionAudit: RedisProtocol<'decisionAudit'> = {
  script,
  reads: {
    async eventsPage(redis, { dfid, event, afterSeq, beforeSeq, newestFirst, limit }) {
      const filter = { log: 'events', dfid, newestFirst, limit, second: event } as const
      for (let [after, before] = [afterSeq, beforeSeq]; ;) {
        const { entries, next } = await logPage(redis, { ...filter, after, before })
        if (entries.length > 0 || next === null) return entries.map(toRow)
        if (newestFirst) before = next
        else after = next
      }
    },

    exportPage: (redis, cursor) =>
      exportLog(redis, 'events', cursor, (entry) => ({ type: 'event', ...toRow(entry) })),
  },
  writes: {
    recordMany: write(
      (events) => {
        const [first = [], ...more] = events.map(fieldsOf)
        return more.length === 0 ? first : [...first, more]
      },
      (first, events) => events.map((_, index) => Number(first) + index),
    ),
    pruneFlow,
    importPage: write<[readonly EventExport[]]>(
      (items) => [
        items.map(({ seq, dfid, event, timestamp, stepId, state, detailsJson }) => [
          seq,
          dfid,
          event,
          toStamp(timestamp),
          stepId,
          state,
          detailsJson,
        ]),
      ],
      () => undefined,
      () => {
        throw new InvalidArgumentError('records', 'must hold the events in the order of seq, each once')
      },
    ),
  },
}
