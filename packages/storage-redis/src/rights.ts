import { PROTOCOLS, PermissionError } from '@dir/storage-core'
import { checkNamespace } from '@dir/storage-core/adapter'
import type { RedisConnection } from './connection.ts'
import { dropScript } from './drop-namespace.ts'
import { importScript } from './import.ts'
import { as } from './protocol.ts'
import { readScript } from './read-script.ts'
import { type Script, commandsOf, missingRights, newScript } from './script.ts'
import { infoScript } from './server.ts'
import { lookScript, prepareScript } from './store.ts'
import { writeScript } from './write-script.ts'

/** The commands of all scripts, beside those that run scripts. */
export const COMMANDS: readonly string[] = commandsOf(
  [
    ...PROTOCOLS.map(readScript),
    writeScript(new Set(PROTOCOLS), false),
    lookScript,
    prepareScript,
    importScript,
    dropScript,
    infoScript,
  ]
    .map((script) => script.text)
    .join('\n'),
)

/** What else is used where it may be: to know `appendfsync`, to follow the log, and for a database other than 0. */
const BESIDE = ['config|get', 'xread', 'select']

/** The rules by which `ACL SETUSER` gives a user what a namespace needs: its keys, and the commands. */
export function redisAcl(namespace = 'dir_storage'): readonly string[] {
  const commands = ['eval', 'evalsha', ...COMMANDS.map((command) => command.toLowerCase()), ...BESIDE]
  return [`~{${checkNamespace('namespace', namespace)}}:*`, ...commands.map((command) => `+${command}`)]
}

/** Answers which of those this user may not run. */
const rightsScript: Script = newScript(
  /* lua */ `#!lua flags=no-writes
${missingRights(COMMANDS)}
for _, name in ipairs({ 'EVAL', 'EVALSHA' }) do
  if not redis.acl_check_cmd(name, '', '1', KEYS[1]) then missing[#missing + 1] = name end
end
return missing`,
  ['meta'],
)

/** Refuses a user who may not run some command of some script: that must not show in the middle of one. */
export async function judgeRights(connection: RedisConnection, deadline: number): Promise<void> {
  const missing = as<string[]>(await connection.repeat(rightsScript, null, deadline, 'not-applied'))
  if (missing.length > 0)
    throw new PermissionError(
      `This Redis user may not run what is needed: ${missing.join(', ').toLowerCase()}. Grant it these commands, or enable them.`,
    )
}
