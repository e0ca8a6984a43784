import { setTimeout as sleep } from 'node:timers/promises'
import { type Watching, keepWatching } from '@dir/storage-core/adapter'
import type { Redis } from 'ioredis'
import { type ServerOptions, createClient } from './client.ts'
import { selectDatabase } from './commands.ts'
import { isReply } from './errors.ts'

/** Between two looks, so that a busy log does not keep a connection busy all the time. */
const PAUSE_MS = 5

/**
 * Waits at the log's stream, over a connection of its own; a user who may not use XREAD polls. Only the newest entry is
 * fetched each time.
 */
export function watchEvents(
  server: ServerOptions,
  key: string,
  timeoutMs: number,
  changed: () => void,
): Watching {
  return keepWatching(changed, async (signal, live) => {
    const client = createClient(server, timeoutMs)
    const close = (): void => client.disconnect()
    client.on('error', () => {}) // what waits for an answer is told
    signal.addEventListener('abort', close)
    try {
      await client.connect()
      await selectDatabase(client)
      const commands = client as unknown as Redis
      const newest = async (): Promise<string> =>
        (await commands.xrevrange(key, '+', '-', 'COUNT', 1))[0]?.[0] ?? '0'
      let last = await newest()
      live()
      while (!signal.aborted) {
        // shorter than the connection may be silent
        const found = await commands.xread(
          'COUNT',
          1,
          'BLOCK',
          Math.ceil(timeoutMs / 2),
          'STREAMS',
          key,
          last,
        )
        if (found === null) continue
        changed()
        await sleep(PAUSE_MS)
        last = await newest()
      }
      return true
    } catch (error) {
      return !(isReply(error) && (error as Error).message.startsWith('NOPERM'))
    } finally {
      signal.removeEventListener('abort', close)
      close()
    }
  })
}
