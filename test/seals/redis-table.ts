import { toStamp } from '../../packages/storage-redis/src/time.ts'
import { redisCommand } from '../../scripts/servers/index.ts'
import type { AuditTable } from './rows.ts'

/** A stream takes entries at its end only: it is written anew. The indexes stay as they are. */
const REPLACE = /* lua */ `
local gone, added = cjson.decode(ARGV[1]), cjson.decode(ARGV[2])
local entries = {}
for _, entry in ipairs(redis.call('XRANGE', KEYS[1], '-', '+')) do
  local seq = string.match(entry[1], '%d+')
  if not gone[seq] then entries[#entries + 1] = { tonumber(seq), entry[2] } end
end
for _, entry in ipairs(added) do entries[#entries + 1] = entry end
table.sort(entries, function(one, other) return one[1] < other[1] end)
redis.call('DEL', KEYS[1])
for _, entry in ipairs(entries) do redis.call('XADD', KEYS[1], string.format('%d', entry[1]), unpack(entry[2])) end
return #entries`

export function redisTable(url: string, namespace: string): AuditTable {
  return {
    async replace(seqs, rows) {
      const gone = Object.fromEntries(seqs.map((seq) => [seq, true]))
      const added = rows.map(({ seq, dfid, event, timestamp, stepId, state, agentId, detailsJson }) => {
        const fields = { dfid, event, at: toStamp(timestamp), step: stepId, state, details: detailsJson }
        return [seq, Object.entries(agentId === null ? fields : { ...fields, agent: agentId }).flat()]
      })
      const given = [JSON.stringify({ ...gone, none: true }), JSON.stringify(added)]
      await redisCommand(url, 'EVAL', REPLACE, '1', `{${namespace}}:events`, ...given)
    },
    close: async () => {},
  }
}
