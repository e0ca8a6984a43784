import { type EventExport, InvalidArgumentError } from '@dir/storage-core'
import type { EventPageFilter, EventPlace, EventRow, NewEvent } from '@dir/storage-core/adapter'
import {
  LOG_READ,
  LOG_WRITE,
  type LogEntry,
  type LogRange,
  exportLog,
  logPage,
  numbersOf,
  placeIn,
} from './log.ts'
import { type RedisProtocol, write } from './protocol.ts'
import { PRUNE, PRUNE_LOG, pruneFlow } from './prune.ts'
import type { ScriptPart } from './script.ts'
import { fromStamp, toStamp } from './time.ts'

const script: ScriptPart = {
  keys: { events: 'stream', events_by_flow: 'zset', events_by_time: 'zset', events_by_agent: 'zset' },
  shared: [],
  read: [LOG_READ],
  write: [
    PRUNE,
    LOG_WRITE,
    PRUNE_LOG,
    /* lua */ String.raw`
local function append_event(seq, dfid, event, at, step, state, details, agent)
  local id = next_entry('events', seq, dfid)
  add_to_index('events_by_time', at, id)
  local fields = { 'dfid', dfid, 'event', event, 'at', at, 'step', step, 'state', state, 'details', details }
  if agent then
    add_to_index('events_by_agent', agent, id)
    fields[13], fields[14] = 'agent', agent
  end
  write('XADD', key.events, id, unpack(fields))
  return id
end

-- dfid, event, step id, state, details, agent or null; and for more events a list of the same; answers the first one's
-- number, the others follow
function op.decisionAudit.recordMany(dfid, event, step, state, details, agent, more)
  local first = append_event(count('events'), dfid, event, now, step, state, details, agent)
  for _, item in ipairs(more or {}) do
    append_event(count('events'), item[1], item[2], now, item[3], item[4], item[5], item[6])
  end
  return first
end

-- events, each number, dfid, event, at, step id, state, details, agent or null; refused unless numbers rise
function refusal.decisionAudit.importPage(items)
  local last = counters.events
  for _, event in ipairs(items) do
    if event[1] <= last then return {} end
    last = event[1]
  end
end
function op.decisionAudit.importPage(items)
  for _, event in ipairs(items) do append_event(count('events', event[1]), unpack(event, 2, 8)) end
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
function op.decisionAudit.pruneFlow(dfid, _, _, dry)
  local by_time, by_agent = {}, {}
  for _, member in ipairs(dry and {} or members_of('events_by_flow', dfid)) do
    local id = string.sub(member, -16)
    local fields = redis.call('XRANGE', key.events, id, id)[1][2]
    by_time[#by_time + 1] = fields[6] .. '\0' .. id
    if fields[14] then by_agent[#by_agent + 1] = fields[14] .. '\0' .. id end
  end
  remove_from_index('events_by_time', by_time)
  remove_from_index('events_by_agent', by_agent)
  return prune_log('events', dfid, dry)
end
`,
  ],
}

function toRow({
  seq,
  fields,
}: LogEntry): EventRow & { readonly timestamp: string; readonly detailsJson: string } {
  const { dfid = '', event = '', at = '', step = '', state = '', details = '', agent = null } = fields
  return {
    seq,
    dfid,
    event,
    timestamp: fromStamp(at),
    stepId: step,
    state,
    agentId: agent,
    detailsJson: details,
  }
}

function toExport(entry: LogEntry): EventExport {
  const { agentId, error: _, ...event } = toRow(entry)
  return { type: 'event', ...event, ...(agentId === null ? {} : { agentId }) }
}

function fieldsOf({ dfid, event, stepId, state, agentId, detailsJson }: NewEvent) {
  return [dfid, event, stepId, state, detailsJson, agentId] as const
}

/** The places of `dfid`, `event` and `agent` in an entry. */
const [DFID, EVENT, AGENT] = [2, 4, 14] as const

function timePlace({ timestamp, seq }: EventPlace): string {
  return placeIn(toStamp(timestamp), seq)
}

function rangeOf({ dfid, agentId, between, afterSeq, beforeSeq }: EventPageFilter): LogRange {
  if (between !== null)
    return {
      log: 'events',
      index: 'events_by_time',
      first: timePlace(between.after),
      last: timePlace(between.before),
    }
  const byAgent = agentId === null ? null : (['events_by_agent', agentId] as const)
  return numbersOf('events', dfid === null ? byAgent : ['events_by_flow', dfid], afterSeq, beforeSeq)
}

export const decisionAudit: RedisProtocol<'decisionAudit'> = {
  script,
  reads: {
    async eventsPage(redis, filter) {
      const { dfid, event, agentId, newestFirst, limit } = filter
      const conditions = [
        [DFID, dfid],
        [EVENT, event],
        [AGENT, agentId],
      ] as const
      const wanted = conditions.flatMap(([place, value]) => (value === null ? [] : [[place, value] as const]))
      for (let range: LogRange = { ...rangeOf(filter), newestFirst }; ;) {
        const { entries, next } = await logPage(redis, range, limit, wanted)
        if (entries.length > 0 || next === null) return entries.map(toRow)
        range = next
      }
    },

    exportPage: (redis, cursor) => exportLog(redis, 'events', cursor, toExport),
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
        items.map(({ seq, dfid, event, timestamp, stepId, state, agentId = null, detailsJson }) => [
          seq,
          dfid,
          event,
          toStamp(timestamp),
          stepId,
          state,
          detailsJson,
          agentId,
        ]),
      ],
      () => undefined,
      () => {
        throw new InvalidArgumentError('records', 'must hold the events in the order of seq, each once')
      },
    ),
  },
}

/** What a store of version 2 has not: the events in the order of their times. */
export const INDEX_EVENTS = /* lua */ String.raw`
local from, bytes = cursor == '' and '-' or '(' .. cursor, 0
local entries = redis.call('XRANGE', key.events, from, '+', 'COUNT', 100)
for _, entry in ipairs(entries) do
  local id = string.format('%016d', string.match(entry[1], '%d+'))
  redis.call('ZADD', key.events_by_time, 0, entry[2][6] .. '\0' .. id)
  for _, text in ipairs(entry[2]) do bytes = bytes + #text end
  if bytes >= 1048576 then return entry[1] end
end
return entries[100] and entries[100][1]`
