import { type Client, isCluster } from './client.ts'
import { isUnknownScript } from './errors.ts'
import type { Script } from './script.ts'
import type { Reply } from './protocol.ts'

/** What is used of ioredis. */
interface Commands {
  evalsha(sha: string, keyCount: number, ...args: (string | Buffer)[]): Promise<Reply>
  eval(text: string, keyCount: number, ...args: (string | Buffer)[]): Promise<Reply>
}

/** Runs a script by its name, or by its text where the server does not know it yet. */
export async function evaluate(
  client: Client,
  { sha, text }: Script,
  keys: readonly string[],
  args: readonly (string | Buffer)[],
): Promise<Reply> {
  const commands = client as unknown as Commands
  const all = [...keys, ...args]
  try {
    return await commands.evalsha(sha, keys.length, ...all)
  } catch (error) {
    if (!isUnknownScript(error)) throw error
    return commands.eval(text, keys.length, ...all)
  }
}

/** Selects the database again that the client was told to: what the server says to that, ioredis keeps to itself. */
export async function selectDatabase(client: Client): Promise<void> {
  if (isCluster(client)) return
  const { db = 0 } = client.options
  if (db !== 0) await client.select(db)
}
