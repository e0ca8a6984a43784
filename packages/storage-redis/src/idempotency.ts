import { randomUUID } from 'node:crypto'
import type { ClaimAnswer } from '@dir/storage-core/adapter'
import { exportTables } from './export-page.ts'
import { TABLES } from './lua.ts'
import { type RedisProtocol, as, condition, freeing, same, write } from './protocol.ts'
import type { ScriptPart } from './script.ts'
import { fromStamp, toStamp } from './time.ts'

// A record: result, request hash, created at, and of a claim: token, since, until. What there is not is false.
const script: ScriptPart = {
  keys: { results: 'hash', results_by_id: 'zset' },
  shared: [
    TABLES,
    /* lua */ String.raw`
local function result_of(id)
  local record = get('results', id)
  return record and record[1]
end
`,
  ],
  read: [
    /* lua */ String.raw`
-- key; answers the result or null
op.result = result_of
`,
  ],
  write: [
    /* lua */ String.raw`
local function put_result(id, result, hash)
  put('results', id, { result, hash, now, false, false, false })
end

-- key, result
function op.idempotency.set(id, result) put_result(id, result, false) end

-- key, result; answers null, or the result that was there before
function op.idempotency.setIfAbsent(id, result)
  local existing = result_of(id)
  if not existing then put_result(id, result, false) end
  return existing
end

-- key, token, lease in microseconds, request hash or null; answers a state and what belongs to it
function op.idempotency.claim(id, token, lease, hash)
  local record = get('results', id)
  if record then
    local result, known_hash, _, owner, since, expires = unpack(record)
    if hash and known_hash and hash ~= known_hash then return { 'mismatch' } end
    if result then return { 'replay', result } end
    if expires > now then return { 'inFlight', expires } end
    return { 'ambiguous', since, owner }
  end
  put('results', id, { false, hash, false, token, now, stamp(lease) })
  return { 'started' }
end

-- key, token
local function not_current(id, token)
  local record = get('results', id)
  return not (record and record[4] == token) and {}
end

-- key, token, result
refusal.idempotency.complete = not_current
function op.idempotency.complete(id, _, result)
  put_result(id, result, get('results', id)[2])
end

-- key, token
refusal.idempotency.abandon = not_current
function op.idempotency.abandon(id) remove('results', id) end

-- for each: key, then or null: result, request hash, created at, claimed at; and a token
function op.idempotency.importPage(items)
  for _, item in ipairs(items) do
    local id, result, hash, created, claimed, token = unpack(item)
    put('results', id, { result, hash, created, claimed and token, claimed, claimed })
  end
end
`,
  ],
}

type Stored = readonly [string | null, string | null, string | null, string | null, string | null]
type ClaimReply =
  | readonly ['started' | 'mismatch']
  | readonly ['replay' | 'inFlight', string]
  | readonly ['ambiguous', string, string]

function toClaim(reply: ClaimReply): ClaimAnswer {
  switch (reply[0]) {
    case 'replay':
      return { state: 'replay', resultJson: reply[1] }
    case 'inFlight':
      return { state: 'inFlight', until: fromStamp(reply[1]) }
    case 'ambiguous':
      return { state: 'ambiguous', since: fromStamp(reply[1]), token: reply[2] }
    default:
      return { state: reply[0] }
  }
}

const instantOf = (stamp: string | null): string | null => (stamp === null ? null : fromStamp(stamp))
const stampOf = (instant: string | null): string | null => (instant === null ? null : toStamp(instant))

export const idempotency: RedisProtocol<'idempotency'> = {
  script,
  reads: {
    async get(redis, key) {
      return as<string | null>(await redis.read('result', key))
    },

    exportPage: (redis, cursor) =>
      exportTables(redis, ['results'], cursor, (_, key, record) => {
        const [resultJson, requestHash, createdAt, , claimedAt] = as<Stored>(record)
        return {
          type: 'idempotency',
          key,
          resultJson,
          requestHash,
          createdAt: instantOf(createdAt),
          claimedAt: instantOf(claimedAt),
        }
      }),
  },
  writes: {
    set: write(same),
    setIfAbsent: write(same, (reply, _, resultJson) => {
      const existing = as<string | null>(reply)
      return { stored: existing === null, resultJson: existing ?? resultJson }
    }),
    claim: write(same, (reply) => toClaim(as<ClaimReply>(reply))),
    complete: condition(same),
    abandon: freeing(condition(same)),
    importPage: write((items) => [
      items.map(({ key, resultJson, requestHash, createdAt, claimedAt }) => [
        key,
        resultJson,
        requestHash,
        stampOf(createdAt),
        stampOf(claimedAt),
        // nobody here holds the token of a claim that was made elsewhere: it arrives as ambiguous, under a new one
        randomUUID(),
      ]),
    ]),
  },
}
