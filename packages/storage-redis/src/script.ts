import { createHash } from 'node:crypto'
import { HEAD } from './lua.ts'

/** What one protocol brings to the scripts: the keys it uses, with their types, and its functions in Lua. */
export interface ScriptPart {
  readonly keys: Readonly<Record<string, 'hash' | 'zset' | 'stream'>>
  /** What the functions below call. Texts that several parts have stand once in a script. */
  readonly shared: readonly string[]
  readonly read: readonly string[]
  readonly write: readonly string[]
}

/** A script that is sent whole once; afterwards the server knows it by its SHA-1. */
export interface Script {
  readonly text: string
  readonly sha: string
  /** The names of its KEYS, in order, without the namespace. */
  readonly keys: readonly string[]
}

export type ScriptFlag = 'no-writes' | 'allow-oom'

/** Composes a script of the head, what some parts share, functions of theirs, and a body that calls those. */
export function composeScript(
  parts: readonly ScriptPart[],
  lua: readonly string[],
  body: string,
  flag: ScriptFlag | null = null,
): Script {
  const types = Object.assign({}, ...parts.map((part) => part.keys)) as ScriptPart['keys']
  const keys = Object.keys(types)
  const rest = [HEAD, ...new Set(parts.flatMap((part) => part.shared)), ...lua, body].join('\n')
  const text = [
    flag === null ? '#!lua' : `#!lua flags=${flag}`,
    `local key = { ${keys.map((key, index) => `${key} = KEYS[${index + 1}]`).join(', ')} }`,
    ...(flag === 'no-writes' ? [] : [checkRights(commandsOf(rest))]),
    ...Object.entries(types).map(([key, type]) => checkType(key, type)),
    rest,
  ].join('\n')
  return newScript(text, keys)
}

export function newScript(text: string, keys: readonly string[]): Script {
  return { text, sha: createHash('sha1').update(text).digest('hex'), keys }
}

/** The commands that a script's text runs, in order; each stands there by its name, where a user's rights are looked up. */
export function commandsOf(text: string): string[] {
  const found = text.matchAll(/\b(?:redis\.p?call|write)\('([A-Z]+)'/g)
  return [...new Set(Array.from(found, ([, name]) => String(name)))].sort()
}

/** Lua that answers the commands which this user may not run, or which the server does not have. */
export function missingRights(commands: readonly string[]): string {
  return /* lua */ `local missing = {}
for _, name in ipairs({ '${commands.join("', '")}' }) do
  local known, may = pcall(redis.acl_check_cmd, name, name == 'XINFO' and 'STREAM' or KEYS[1], KEYS[1])
  if not (known and may) then missing[#missing + 1] = name end
end`
}

function checkRights(commands: readonly string[]): string {
  return /* lua */ `do local may_all = function()
  for _, name in ipairs({ '${commands.join("', '")}' }) do
    if not redis.acl_check_cmd(name, KEYS[1]) then return false end
  end
  return true
end
local known, may = pcall(may_all)
if not (known and may) then
  ${missingRights(commands)}
  return redis.error_reply('DIRPERM ' .. table.concat(missing, ','))
end end`
}

function checkType(key: string, type: string): string {
  return `do local found = redis.call('TYPE', key.${key}).ok
  if found ~= '${type}' and found ~= 'none' then return redis.error_reply('DIRTYPE ${key}') end end`
}
