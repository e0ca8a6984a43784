import { createRun } from '@dir/storage-conformance'
import { expect, test } from 'vitest'
import { start } from '../../../scripts/servers/index.ts'
import { withOwnServer, withServer } from '../../../scripts/servers/live.ts'
import { type RedisNamespaceOptions, dropNamespace, redisStorage } from '../src/index.ts'
import { startLossyProxy } from './lossy-proxy.ts'
import { forgetsCalls } from './mutants/forgets-calls.ts'
import { noDeadline } from './mutants/no-deadline.ts'
import twoScripts from './mutants/two-scripts.ts'

const namespace = 'mutants'

withServer('redis', (url) => {
  test('check and write in two scripts: the races of the suite find it out', async () => {
    const module = new URL('mutants/two-scripts.ts', import.meta.url).href
    const killers = ['linearizability/lock', 'linearizability/compare-and-set']
    const run = createRun(twoScripts, module, { only: killers })
    const verdicts = []
    for (const planned of run.planned) verdicts.push((await run.execute(planned)).verdict)
    await run.end()
    expect(verdicts).toEqual(killers.map(() => 'fail'))
  })

  /** How many events there are after one was recorded whose reply was lost. */
  async function eventsAfterLostReply(connect: (url: string) => RedisNamespaceOptions): Promise<number> {
    await dropNamespace({ url, namespace })
    const proxy = await startLossyProxy(url)
    const storage = redisStorage({ ...connect(proxy.url), namespace, operationTimeoutMs: 1_000 })
    await storage.init()
    proxy.replies = 'cut'
    await storage.decisionAudit.record('flow', 'event')
    const events = await storage.decisionAudit.allEventsChronological()
    await storage.close()
    await proxy.close()
    await dropNamespace({ url, namespace })
    return events.length
  }

  test('a server that forgets calls: a lost reply doubles the event', async () => {
    expect(await eventsAfterLostReply((proxied) => ({ client: forgetsCalls(proxied) }))).toBe(2)
    expect(await eventsAfterLostReply((proxied) => ({ url: proxied }))).toBe(1)
  })
})

withOwnServer('redis', () => {
  test('no deadline on the server: an acquire that was given up appears afterwards', async () => {
    const server = await start('redis')
    const late = async (connect: RedisNamespaceOptions): Promise<string[]> => {
      const storage = redisStorage({ ...connect, namespace, operationTimeoutMs: 400 })
      await storage.init()
      server.pause()
      const acquired = await storage.resourceLock.acquire('late', { r: 1 }, 0).catch(() => null)
      server.resume()
      expect(acquired).toBeNull()
      const holds = await storage.resourceLock.getHolds()
      await storage.close()
      await dropNamespace({ url: server.url, namespace })
      return holds.map((hold) => hold.dfid)
    }
    try {
      expect(await late({ client: noDeadline(server.url) })).toEqual(['late'])
      expect(await late({ url: server.url })).toEqual([])
    } finally {
      await server.stop()
    }
  })
})
