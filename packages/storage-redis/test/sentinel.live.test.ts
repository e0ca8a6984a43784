import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Server, redisCommand, start, startRedisSentinel } from '../../../scripts/servers/index.ts'
import { withOwnServer } from '../../../scripts/servers/live.ts'
import { redisStorage } from '../src/index.ts'
import { failureOf } from './failure.ts'

withOwnServer('redis', () => {
  let servers: readonly [Server, Server]
  let sentinel: Server

  beforeAll(async () => {
    servers = await Promise.all([start('redis'), start('redis')])
    await redisCommand(servers[1].url, 'REPLICAOF', '127.0.0.1', String(servers[0].port))
    await until(async () => (await replication(servers[1])).includes('master_link_status:up'))
    sentinel = await startRedisSentinel(servers[0])
  })
  afterAll(() => Promise.all([...servers, sentinel].map((server) => server.stop())))

  const replication = (server: Server) => redisCommand(server.url, 'INFO', 'replication')

  async function until(holds: () => Promise<boolean>): Promise<void> {
    while (!(await holds().catch(() => false))) await sleep(50)
  }

  test(
    'a failover by Sentinel, of a primary that died and of one that lives: the handle goes on at the next one',
    { timeout: 120_000 },
    async () => {
      const storage = redisStorage({
        redis: { sentinels: [{ host: '127.0.0.1', port: sentinel.port }], name: 'main', role: 'slave' },
        namespace: 'sentinel',
        operationTimeoutMs: 3_000,
      })
      const codes = new Set<string>()
      let running = true
      try {
        expect(await storage.decisionAudit.record('f', 'first')).toBe(1)
        const writer = (async () => {
          for (let n = 0; running; n++) {
            const failure = await failureOf(storage.decisionAudit.record('f', `${n}`)).catch(() => null)
            if (failure !== null) codes.add(failure.code)
          }
        })()

        await until(async () =>
          (await redisCommand(sentinel.url, 'SENTINEL', 'replicas', 'main')).includes('flags'),
        )
        await servers[0].kill9()
        await until(async () => (await replication(servers[1])).includes('role:master'))
        const seq = await patient(() => storage.decisionAudit.record('g', 'after the first'))
        await servers[0].restart()
        await until(async () => (await replication(servers[0])).includes('master_link_status:up'))
        // one that does not get through in time is given up by Sentinel, and has to be asked for again
        await until(async () => {
          if ((await replication(servers[0])).includes('role:master')) return true
          await redisCommand(sentinel.url, 'SENTINEL', 'FAILOVER', 'main')
          return false
        })
        // until Sentinel gets to the other, ten seconds later, there are two primaries, and what it takes is lost
        await redisCommand(servers[1].url, 'REPLICAOF', '127.0.0.1', String(servers[0].port))
        await patient(() => storage.decisionAudit.record('g', 'after the second'))
        running = false
        await writer

        const events = await storage.decisionAudit.eventsForDfid('g')
        expect(events.map(({ event }) => event)).toEqual(['after the first', 'after the second'])
        expect(events[0]?.seq).toBe(seq)
        const all = (await storage.decisionAudit.allEventsChronological()).map((event) => event.seq)
        expect(new Set(all).size).toBe(all.length)
        expect(await redisCommand(servers[0].url, 'XLEN', '{sentinel}:events')).toBe(String(all.length))
        expect([...codes].filter((code) => !/^STORAGE_(UNAVAILABLE|TIMEOUT|READ_ONLY)$/.test(code))).toEqual(
          [],
        )
      } finally {
        running = false
        await storage.close()
      }
    },
  )

  /** Tries what certainly was not carried out again, as callers do. */
  async function patient<T>(call: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await call()
      } catch (error) {
        if ((error as { retryable?: unknown }).retryable !== true) throw error
      }
    }
  }
})
