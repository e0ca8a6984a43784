import { exportTables } from './export-page.ts'
import { PLACED, TABLES } from './lua.ts'
import { allPages, lastOfEach } from './pages.ts'
import { type RedisProtocol, type Reply, as, condition, same, write } from './protocol.ts'
import { PRUNE, pruneFlow, prunePage } from './prune.ts'
import { REQUESTS, fieldsOf, toExport, toPending, toRow } from './requests.ts'
import type { ScriptPart } from './script.ts'
import { fromStamp, stampOf, toStamp } from './time.ts'
import { TOKENS } from './tokens.ts'

// For requests and tokens see there.
const script: ScriptPart = {
  keys: { ...TOKENS.keys, ...REQUESTS.keys },
  shared: [PLACED, TABLES, ...TOKENS.shared],
  read: [...REQUESTS.read, ...TOKENS.read],
  write: [
    ...REQUESTS.write,
    PRUNE,
    ...TOKENS.write,
    /* lua */ String.raw`
-- agent id, limit, window in microseconds, then a request as for insertRequest, or nothing; answers whether it was
-- granted and how many tokens are in the window
function op.escalation.consumeBudget(agent, limit, window, ...)
  local used = tokens_since(agent, stamp(-window))
  if used >= limit then return { false, exact(used) } end
  if ... then op.escalation.insertRequest(...) end
  add_token(agent, now)
  return { true, exact(used + 1) }
end

-- for each token two fields: agent id, when; for each request: dfid, the record's fields
function op.escalation.importPage(items)
  for _, item in ipairs(items) do
    local dfid = item[1]
    if #item == 2 then add_token(unpack(item))
    else put_request(dfid, { unpack(item, 2) }, get('requests', dfid)) end
  end
end
`,
  ],
}

/** How a cursor begins that is among the requests. */
const IN_REQUESTS = 'requests:'

export const escalation: RedisProtocol<'escalation'> = {
  script,
  reads: {
    async getWindowCount(redis, agentId, since) {
      return as<number>(await redis.read('token_count', agentId, toStamp(since)))
    },

    async getPendingRequests(redis) {
      const rows = await allPages<[string, Reply]>(redis, '-inf', 'pending_requests')
      return lastOfEach(rows, ([dfid]) => dfid).map(([dfid, record]) => toPending(dfid, record))
    },

    async getRequest(redis, dfid) {
      const record = await redis.read('request', dfid)
      return record === null ? null : toRow(dfid, record)
    },

    async requestsPage(redis, { status, agentId, leastAgeMicros }, cursor) {
      const reply = await redis.read('requests_page', status, agentId, leastAgeMicros, cursor ?? '0')
      const [rows, next] = as<[readonly [string, Reply][], string | null]>(reply)
      return { items: rows.map(([dfid, record]) => toRow(dfid, record)), next }
    },

    async exportPage(redis, cursor) {
      if (cursor?.startsWith(IN_REQUESTS) === true) {
        const after = cursor.slice(IN_REQUESTS.length) || null
        const toItem = (_: string, dfid: string, record: Reply) => toExport(dfid, record)
        const page = await exportTables(redis, ['requests'], after, toItem, 'number')
        return { ...page, next: page.next === null ? null : `${IN_REQUESTS}${page.next}` }
      }
      const after = cursor?.slice('tokens:'.length) ?? ''
      const [tokens, next] = as<[string[], string | null]>(await redis.read('export_tokens', after))
      const items = tokens.map((token) => {
        const [agentId = '', at = ''] = token.split('\0')
        return { type: 'budgetToken' as const, agentId, createdAt: fromStamp(at) }
      })
      return { items, next: next === null ? IN_REQUESTS : `tokens:${next}` }
    },
  },
  writes: {
    recordBudgetToken: write(same),
    insertRequest: write(fieldsOf),
    resolveRequest: condition(({ dfid, resolvedAt, decision, proposalJson, createdAt, resolvedBy }) => [
      dfid,
      toStamp(resolvedAt),
      decision,
      proposalJson,
      stampOf(createdAt),
      resolvedBy,
    ]),
    consumeBudget: write(
      (agentId, limit, windowMicros, request) => [
        agentId,
        limit,
        windowMicros,
        ...(request === null ? [] : fieldsOf(request)),
      ],
      (reply) => {
        const [granted, used] = as<[boolean, string]>(reply)
        return { granted, used: Number(used) }
      },
    ),
    pruneFlow,
    prunePage,
    importPage: write((items) => [
      items.map((item) =>
        item.type === 'budgetToken'
          ? [item.agentId, toStamp(item.createdAt)]
          : [
              ...fieldsOf(item),
              toStamp(item.createdAt),
              stampOf(item.resolvedAt),
              item.decision,
              item.resolvedBy ?? null,
            ],
      ),
    ]),
  },
}
