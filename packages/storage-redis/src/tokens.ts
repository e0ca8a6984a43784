// A budget token is agent id, NUL, when, NUL, a number that makes it its own.
import type { ScriptPart } from './script.ts'

export const TOKENS: ScriptPart = {
  keys: { tokens: 'zset' },
  shared: [
    /* lua */ String.raw`
local function tokens_since(agent, since)
  return redis.call('ZLEXCOUNT', key.tokens, '[' .. agent .. '\0' .. since, '(' .. agent .. '\1')
end
`,
  ],
  read: [
    /* lua */ String.raw`
-- agent id, since; answers how many
op.token_count = tokens_since

-- after a token; answers tokens, and after which to go on, or false at the end
function op.export_tokens(after)
  return { members('tokens', after) }
end
`,
  ],
  write: [
    /* lua */ String.raw`
local function add_token(agent, at)
  write('ZADD', key.tokens, 0, agent .. '\0' .. at .. '\0' .. exact(count('tokens')))
end

-- agent id
function op.escalation.recordBudgetToken(agent) add_token(agent, now) end

function op.escalation.prunePage(before, after, dry, kept)
  before = old_before(before, kept)
  local from = after == '' and '-' or '(' .. after
  local tokens, old = redis.call('ZRANGEBYLEX', key.tokens, from, '+', 'LIMIT', 0, 500), {}
  for _, token in ipairs(tokens) do
    local at = string.find(token, '\0', 1, true)
    if string.sub(token, at + 1, at + 18) < before then old[#old + 1] = token end
  end
  if #old > 0 and not dry then write('ZREM', key.tokens, unpack(old)) end
  return { #old, tokens[500] or cjson.null }
end
`,
  ],
}
