import type { Page } from '@dir/storage-core/adapter'
import { type RedisReader, as } from './protocol.ts'

// A log is a stream whose ids are dense numbers, counted in `meta` under the log's name, with an index by flow. Its
// entries are `dfid` and whatever fields its protocol adds.
const DIGITS = /* lua */ `
local digits = '%016d'
`

/** For what appends to a log. */
export const LOG_WRITE = /* lua */ String.raw`${DIGITS}
local indexed = {} -- by log, what its index takes at the end, all of it at once
at_end[#at_end + 1] = function()
  for log, members in pairs(indexed) do
    for first = 1, #members, 4000 do
      write('ZADD', key[log .. '_by_flow'], unpack(members, first, math.min(first + 3999, #members)))
    end
  end
end

-- log, number, dfid; answers the id of the log's entry, which is to be added
local function next_entry(log, seq, dfid)
  local id = string.format(digits, seq)
  local members = indexed[log] or {}
  local last = #members
  indexed[log], members[last + 1], members[last + 2] = members, 0, dfid .. '\0' .. id
  return id
end
`

/** For what reads a log. */
export const LOG_READ = /* lua */ String.raw`${DIGITS}
local MOST = 1048576

local function next_entries(log, dfid, after, count)
  if not dfid then return redis.call('XRANGE', key[log], string.format(digits, after + 1), '+', 'COUNT', count) end
  local from = dfid .. '\0' .. string.format(digits, after + 1)
  local entries = {}
  for i, member in ipairs(redis.call('ZRANGEBYLEX', key[log .. '_by_flow'], '[' .. from, '(' .. dfid .. '\1', 'LIMIT', 0, count)) do
    local seq = string.sub(member, -16)
    entries[i] = redis.call('XRANGE', key[log], seq, seq)[1]
  end
  return entries
end

-- log, dfid (null: any), after, limit, second field (null: any); answers entries, and after which one to go on, or false
-- at the end. It looks through a megabyte, about, or 2 000 entries at most, so that others are not kept waiting.
function op.log_page(log, dfid, after, limit, second)
  local rows, bytes, last = {}, 0, after
  for _ = 1, 250 do
    local entries = next_entries(log, dfid, last, math.min(8, limit - #rows))
    for _, entry in ipairs(entries) do
      last = tonumber(string.match(entry[1], '%d+'))
      for _, text in ipairs(entry[2]) do bytes = bytes + #text end
      if not second or entry[2][4] == second then rows[#rows + 1] = entry end
    end
    if #entries == 0 then return { rows, false } end
    if #rows == limit or bytes >= MOST then break end
  end
  return { rows, last }
end
`

/** One entry of a log: its number and its fields. */
export interface LogEntry {
  readonly seq: number
  readonly fields: Readonly<Record<string, string>>
}

export interface LogFilter {
  readonly log: 'events' | 'transitions'
  readonly dfid: string | null
  readonly after: number
  readonly limit: number
  /** What the field after `dfid` must be; null: anything. */
  readonly second?: string | null
}

export interface LogPage {
  readonly entries: readonly LogEntry[]
  /** After which number to go on; null at the end. */
  readonly next: number | null
}

/** A page of a log; it may be empty before the end, where a filter finds nothing for long. */
export async function logPage(
  redis: RedisReader,
  { log, dfid, after, limit, second = null }: LogFilter,
): Promise<LogPage> {
  const reply = await redis.read('log_page', log, dfid, after, limit, second)
  const [rows, next] = as<[readonly [string, readonly string[]][], number | null]>(reply)
  return { entries: rows.map(toEntry), next }
}

const PAGE = 500

export async function exportLog<Item>(
  redis: RedisReader,
  log: LogFilter['log'],
  cursor: string | null,
  toItem: (entry: LogEntry) => Item,
): Promise<Page<Item>> {
  const after = Number(cursor ?? 0)
  const { entries, next } = await logPage(redis, { log, dfid: null, after, limit: PAGE })
  return { items: entries.map(toItem), next: next === null ? null : String(next) }
}

function toEntry([id, flat]: readonly [string, readonly string[]]): LogEntry {
  const fields: Record<string, string> = {}
  for (let index = 0; index + 1 < flat.length; index += 2)
    fields[flat[index] as string] = flat[index + 1] as string
  return { seq: Number(id.split('-')[0]), fields }
}
