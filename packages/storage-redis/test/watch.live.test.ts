import { expect, test } from 'vitest'
import { withServer } from '../../../scripts/servers/live.ts'
import { redisCommand } from '../../../scripts/servers/redis-command.ts'
import { becomes, whileWatching } from '../../../scripts/servers/watched.ts'
import { dropNamespace, redisStorage } from '../src/index.ts'
import { watchEvents } from '../src/watch.ts'
import { COMMANDS } from '../src/rights.ts'

const namespace = 'watched'

withServer('redis', (url) => {
  test('what is appended is told, also while nothing was for long, and after the connection broke', async () => {
    const storage = redisStorage({ url, namespace })
    await storage.init()
    await whileWatching(
      (changed) =>
        watchEvents({ url, redis: { connectionName: 'watched' } }, `{${namespace}}:events`, 200, changed),
      async (watching, told) => {
        const write = async () => Promise.all([told(), storage.decisionAudit.record('f', 'E')])
        await write()
        await write()
        const clients = await redisCommand(url, 'CLIENT', 'LIST')
        const [, id = ''] = /^.*?\bid=(\d+) .*name=watched /m.exec(clients) ?? []
        await redisCommand(url, 'CLIENT', 'KILL', 'ID', id)
        await becomes(watching, false)
        await becomes(watching, true)
        await write()
      },
    )
    await storage.close()
    await dropNamespace({ url, namespace })
  })

  test('a user who may not use XREAD follows all the same', async () => {
    const rights = COMMANDS.filter((command) => command !== 'XREAD').map((command) => `+${command}`)
    await redisCommand(
      url,
      'ACL',
      'SETUSER',
      'follower',
      'on',
      '>secret',
      `~{${namespace}}:*`,
      '+eval',
      '+evalsha',
      ...rights,
    )
    const theirs = new URL(url)
    Object.assign(theirs, { username: 'follower', password: 'secret' })
    const storage = redisStorage({ url: theirs.href, namespace })
    await storage.init()
    const events = storage.decisionAudit.events({ follow: true })[Symbol.asyncIterator]()
    for (const name of ['E', 'F']) {
      const next = events.next()
      await storage.decisionAudit.record('f', name)
      expect((await next).value?.event).toBe(name)
    }
    await storage.close()
    await redisCommand(url, 'ACL', 'DELUSER', 'follower')
    await dropNamespace({ url, namespace })
  })
})
