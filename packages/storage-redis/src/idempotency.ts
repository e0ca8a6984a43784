import { randomUUID } from 'node:crypto'
import { IMPORTED_UNTIL } from '@dir/storage-core/adapter'
import { type ClaimReply, RESULTS_WRITE, type Stored, instantOf, toClaim, toRow } from './claims.ts'
import { exportTables } from './export-page.ts'
import { TABLES } from './lua.ts'
import { type RedisProtocol, type Reply, as, condition, freeing, same, write } from './protocol.ts'
import { PRUNE, pruneFlow, prunePage } from './prune.ts'
import type { ScriptPart } from './script.ts'
import { stampOf, toStamp } from './time.ts'

// What is kept of a key, see claims.ts.
const script: ScriptPart = {
  keys: { results: 'hash', results_by_id: 'zset', results_by_flow: 'zset', claims_by_time: 'zset' },
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

-- state, dfid, least age in microseconds (each null: any), after a place; answers those of the next unfinished claims that
-- fit, each with whether it is in flight, and after which place to go on, or false at the end
function op.claims_page(state, dfid, age, after)
  local latest = age and stamp(-age)
  local places, next = members('claims_by_time', after)
  local ids = {}
  for i, place in ipairs(places) do ids[i] = string.sub(place, 19) end
  local page = fill('results', ids, places, next, function(record)
    return (not state or (state == 'inFlight') == (record[6] > now)) and
      (not dfid or record[7] == dfid) and (not latest or record[5] <= latest)
  end)
  for _, row in ipairs(page[1]) do row[3] = row[2][6] > now and 1 or 0 end
  return page
end
`,
  ],
  write: [
    PRUNE,
    RESULTS_WRITE,
    /* lua */ String.raw`
-- key, result
function op.idempotency.set(id, result) put_result(id, result, false) end

-- key, result; answers null, or the result that was there before
function op.idempotency.setIfAbsent(id, result)
  local existing = result_of(id)
  if not existing then put_result(id, result, false) end
  return existing
end

-- key, token, lease in microseconds, request hash, dfid and step id or null; answers a state and what belongs to it
function op.idempotency.claim(id, token, lease, hash, dfid, step)
  local record = get('results', id)
  if record then
    local result, known_hash, _, owner, since, expires = unpack(record)
    if hash and known_hash and hash ~= known_hash then return { 'mismatch' } end
    if result then return { 'replay', result } end
    if expires > now then return { 'inFlight', expires } end
    return { 'ambiguous', since, owner }
  end
  put_effect(id, { false, hash, false, token, now, stamp(lease), dfid, step })
  return { 'started' }
end

-- key, token
local function not_current(id, token)
  local record = get('results', id)
  if not record then return {} end
  return record[4] ~= token and { record[4] and 'claimed' or 'finished' }
end

-- key, token, lease in microseconds
refusal.idempotency.renewClaim = not_current
function op.idempotency.renewClaim(id, _, lease)
  local record = get('results', id)
  record[6] = stamp(lease)
  put('results', id, record)
end

-- key, token, result
refusal.idempotency.complete = not_current
function op.idempotency.complete(id, _, result)
  local record = get('results', id)
  put_result(id, result, record[2], record[7], record[8])
end

-- key, token
refusal.idempotency.abandon = not_current
function op.idempotency.abandon(id) put_effect(id, false) end

-- for each: key, then or null: result, request hash, created at, claimed at, dfid, step id; a claim's token and its end
function op.idempotency.importPage(items)
  for _, item in ipairs(items) do
    local id, result, hash, created, claimed, dfid, step, token, till = unpack(item)
    put_effect(id, { result, hash, created, claimed and token, claimed, claimed and till, dfid, step })
  end
end
`,
  ],
}

export const idempotency: RedisProtocol<'idempotency'> = {
  script,
  reads: {
    async get(redis, key) {
      return as<string | null>(await redis.read('result', key))
    },

    exportPage: (redis, cursor) =>
      exportTables(redis, ['results'], cursor, (_, key, record) => {
        const [resultJson, requestHash, createdAt, , claimedAt, , dfid, stepId] = as<Stored>(record)
        return {
          type: 'idempotency',
          key,
          resultJson,
          requestHash,
          createdAt: instantOf(createdAt),
          claimedAt: instantOf(claimedAt),
          ...(dfid == null ? {} : { dfid }),
          ...(stepId == null ? {} : { stepId }),
        }
      }),

    async claimsPage(redis, { state, dfid, leastAgeMicros }, cursor) {
      const reply = await redis.read('claims_page', state, dfid, leastAgeMicros, cursor ?? '')
      const [rows, next] = as<[readonly [string, Reply, number][], string | null]>(reply)
      return { items: rows.map(([key, record, isInFlight]) => toRow(key, record, isInFlight === 1)), next }
    },
  },
  writes: {
    set: write(same),
    setIfAbsent: write(same, (reply, _, resultJson) => {
      const existing = as<string | null>(reply)
      return { stored: existing === null, resultJson: existing ?? resultJson }
    }),
    claim: write(same, (reply) => toClaim(as<ClaimReply>(reply))),
    renewClaim: condition(same),
    complete: condition(same),
    abandon: freeing(condition(same)),
    pruneFlow,
    prunePage,
    importPage: write((items) => [
      items.map(({ key, resultJson, requestHash, createdAt, claimedAt, dfid, stepId }) => [
        key,
        resultJson,
        requestHash,
        stampOf(createdAt),
        stampOf(claimedAt),
        dfid ?? null,
        stepId ?? null,
        // nobody here holds the token of a claim that was made elsewhere: it arrives as ambiguous, under a new one
        randomUUID(),
        toStamp(IMPORTED_UNTIL),
      ]),
    ]),
  },
}
