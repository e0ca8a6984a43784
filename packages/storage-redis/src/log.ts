import type { Page } from '@dir/storage-core/adapter'
import { type RedisReader, as } from './protocol.ts'

// A log is a stream whose ids are rising numbers, counted in `meta` under the log's name, with an index by flow. There are
// gaps where flows were pruned. Its entries are `dfid` and whatever fields its protocol adds. The members of an index are what
// it goes by, NUL, the number in 16 digits.
const DIGITS = /* lua */ `
local digits = '%016d'
`

/** For what appends to a log. */
export const LOG_WRITE = /* lua */ String.raw`${DIGITS}
local indexed = {} -- by index, what it takes at the end, all of it at once
at_end[#at_end + 1] = function()
  for index, members in pairs(indexed) do
    for first = 1, #members, 4000 do
      write('ZADD', key[index], unpack(members, first, math.min(first + 3999, #members)))
    end
  end
end

local function add_to_index(index, value, id)
  local members = indexed[index] or {}
  local last = #members
  indexed[index], members[last + 1], members[last + 2] = members, 0, value .. '\0' .. id
end

-- log, number, dfid; answers the id of the log's entry, which is to be added
local function next_entry(log, seq, dfid)
  local id = string.format(digits, seq)
  add_to_index(log .. '_by_flow', dfid, id)
  return id
end
`

/** For what reads a log. */
export const LOG_READ = /* lua */ String.raw`${DIGITS}
local MOST = 1048576

local function entry_at(log, id) return redis.call('XRANGE', key[log], id, id)[1] end

-- some entries from a first to a last place of an index (null: of the log itself) as the server's ranges have them, in rising
-- or falling order; answers them, and the place of the last one
local function entries_between(log, index, first, last, newest_first, count)
  if newest_first then first, last = last, first end
  if not index then
    local entries = newest_first and
      redis.call('XREVRANGE', key[log], first, last, 'COUNT', count) or
      redis.call('XRANGE', key[log], first, last, 'COUNT', count)
    return entries, #entries > 0 and entries[#entries][1]
  end
  local members = newest_first and
    redis.call('ZRANGE', key[index], first, last, 'BYLEX', 'REV', 'LIMIT', 0, count) or
    redis.call('ZRANGEBYLEX', key[index], first, last, 'LIMIT', 0, count)
  local entries = {}
  for i, member in ipairs(members) do entries[i] = entry_at(log, string.sub(member, -16)) end
  return entries, members[#members]
end

local function fits(fields, wanted)
  for _, one in ipairs(wanted) do
    if fields[one[1]] ~= one[2] then return false end
  end
  return true
end

-- log, index (null: none), first and last place, whether the last one comes first, limit, what fields must be, each its
-- place in the entry and its value; answers entries, and the place after which to go on, or false at the end. It looks
-- through a megabyte, about, or 2 000 entries at most, so that others are not kept waiting.
function op.log_page(log, index, first, last, newest_first, limit, wanted)
  local rows, bytes = {}, 0
  local next = false
  for _ = 1, 250 do
    local count = math.min(8, limit - #rows)
    local entries, place = entries_between(log, index, first, last, newest_first, count)
    for _, entry in ipairs(entries) do
      for _, text in ipairs(entry[2]) do bytes = bytes + #text end
      if fits(entry[2], wanted) then rows[#rows + 1] = entry end
    end
    if #entries == 0 then return { rows, false } end
    next = '(' .. place
    if newest_first then last = next else first = next end
    if #rows == limit or bytes >= MOST then break end
  end
  return { rows, next }
end
`

/** One entry of a log: its number and its fields. */
export interface LogEntry {
  readonly seq: number
  readonly fields: Readonly<Record<string, string>>
}

/** From where to where, both excluded, in what order; as the server's ranges have places. */
export interface LogRange {
  readonly log: 'events' | 'transitions'
  /** Null: the log's own order. */
  readonly index: string | null
  readonly first: string
  readonly last: string
  readonly newestFirst?: boolean
}

const digits = (seq: number): string => String(seq).padStart(16, '0')

/** All of a log, or of one value of an index, between two numbers; null: to the end. */
export function numbersOf(
  log: LogRange['log'],
  index: readonly [name: string, value: string] | null,
  after: number,
  before: number | null,
): LogRange {
  if (index === null)
    return { log, index, first: `${after + 1}`, last: before === null ? '+' : `${Math.max(before, 1) - 1}` }
  const [name, value] = index
  const last = before === null ? `(${value}\x01` : placeIn(value, before)
  return { log, index: name, first: placeIn(value, after), last }
}

/** A place in an index, itself excluded. */
export function placeIn(value: string, seq: number): string {
  return `(${value}\0${digits(seq)}`
}

export interface LogPage {
  readonly entries: readonly LogEntry[]
  /** What is left of the range; null at the end. */
  readonly next: LogRange | null
}

/**
 * A page of a log; it may be empty before the end, where a filter finds nothing for long. `wanted`: what fields must be, each
 * its place in an entry, where the first is 1 and names count too, and its value.
 */
export async function logPage(
  redis: RedisReader,
  range: LogRange,
  limit: number,
  wanted: readonly (readonly [place: number, value: string])[] = [],
): Promise<LogPage> {
  const { log, index, first, last, newestFirst = false } = range
  const reply = await redis.read('log_page', log, index, first, last, newestFirst ? 1 : null, limit, wanted)
  const [rows, place] = as<[readonly [string, readonly string[]][], string | null]>(reply)
  const next = place === null ? null : { ...range, ...(newestFirst ? { last: place } : { first: place }) }
  return { entries: rows.map(toEntry), next }
}

const PAGE = 500

export async function exportLog<Item>(
  redis: RedisReader,
  log: LogRange['log'],
  cursor: string | null,
  toItem: (entry: LogEntry) => Item,
): Promise<Page<Item>> {
  const range = { ...numbersOf(log, null, 0, null), ...(cursor === null ? {} : { first: cursor }) }
  const { entries, next } = await logPage(redis, range, PAGE)
  return { items: entries.map(toItem), next: next?.first ?? null }
}

function toEntry([id, flat]: readonly [string, readonly string[]]): LogEntry {
  const fields: Record<string, string> = {}
  for (let index = 0; index + 1 < flat.length; index += 2)
    fields[flat[index] as string] = flat[index + 1] as string
  return { seq: Number(id.split('-')[0]), fields }
}
