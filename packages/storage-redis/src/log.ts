import type { Page } from '@dir/storage-core/adapter'
import { type RedisReader, as } from './protocol.ts'

// A log is a stream whose ids are rising numbers, counted in `meta` under the log's name, with an index by flow. There are
// gaps where flows were pruned. Its entries are `dfid` and whatever fields its protocol adds.
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

-- the entries whose numbers lie between two, both included, in rising or falling order
local function entries_between(log, dfid, from, to, newest_first, count)
  local first, last = string.format(digits, from), string.format(digits, to)
  if newest_first then first, last = last, first end
  if not dfid then
    if newest_first then return redis.call('XREVRANGE', key[log], first, last, 'COUNT', count) end
    return redis.call('XRANGE', key[log], first, last, 'COUNT', count)
  end
  first, last = '[' .. dfid .. '\0' .. first, '[' .. dfid .. '\0' .. last
  local members = newest_first and
    redis.call('ZRANGE', key[log .. '_by_flow'], first, last, 'BYLEX', 'REV', 'LIMIT', 0, count) or
    redis.call('ZRANGEBYLEX', key[log .. '_by_flow'], first, last, 'LIMIT', 0, count)
  local entries = {}
  for i, member in ipairs(members) do
    local seq = string.sub(member, -16)
    entries[i] = redis.call('XRANGE', key[log], seq, seq)[1]
  end
  return entries
end

-- log, dfid (null: any), the lowest and the highest number, whether the highest comes first, limit, second field (null:
-- any); answers entries, and the last number that it looked at, or false at the end. It looks through a megabyte, about, or
-- 2 000 entries at most, so that others are not kept waiting.
function op.log_page(log, dfid, from, to, newest_first, limit, second)
  local rows, bytes, last = {}, 0, false
  for _ = 1, 250 do
    if from > to then return { rows, false } end
    local entries = entries_between(log, dfid, from, to, newest_first, math.min(8, limit - #rows))
    for _, entry in ipairs(entries) do
      last = tonumber(string.match(entry[1], '%d+'))
      for _, text in ipairs(entry[2]) do bytes = bytes + #text end
      if not second or entry[2][4] == second then rows[#rows + 1] = entry end
    end
    if #entries == 0 then return { rows, false } end
    if newest_first then to = last - 1 else from = last + 1 end
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
  /** Only numbers above this one. */
  readonly after: number
  /** Only numbers below this one; null: any. */
  readonly before?: number | null
  readonly newestFirst?: boolean
  readonly limit: number
  /** What the field after `dfid` must be; null: anything. */
  readonly second?: string | null
}

export interface LogPage {
  readonly entries: readonly LogEntry[]
  /** After (or, newest first, before) which number to go on; null at the end. */
  readonly next: number | null
}

/** A page of a log; it may be empty before the end, where a filter finds nothing for long. */
export async function logPage(
  redis: RedisReader,
  { log, dfid, after, before = null, newestFirst = false, limit, second = null }: LogFilter,
): Promise<LogPage> {
  const to = (before ?? MOST_NUMBER + 1) - 1
  const reply = await redis.read('log_page', log, dfid, after + 1, to, newestFirst ? 1 : null, limit, second)
  const [rows, next] = as<[readonly [string, readonly string[]][], number | null]>(reply)
  return { entries: rows.map(toEntry), next }
}

const PAGE = 500
/** What fits into the digits. */
const MOST_NUMBER = Number.MAX_SAFE_INTEGER

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
