import { setTimeout as sleep } from 'node:timers/promises'
import type { DecisionAuditStorage } from '@dir/storage-core'
import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest'
import { type Server, redisCommand, start, startRedisSentinel } from '../../../scripts/servers/index.ts'
import { meanwhile } from '../../../scripts/servers/meanwhile.ts'
import { withOwnServer } from '../../../scripts/servers/live.ts'
import { redisStorage } from '../src/index.ts'
import { failureOf } from '../../../scripts/servers/failure.ts'

withOwnServer('redis', () => {
  let servers: readonly [Server, Server]
  let sentinel: Server

  beforeAll(async () => {
    servers = await Promise.all([start('redis'), start('redis')])
    await redisCommand(servers[1].url, 'REPLICAOF', '127.0.0.1', String(servers[0].port))
    await until('the replica', async () => (await replication(servers[1])).includes('master_link_status:up'))
    sentinel = await startRedisSentinel(servers[0])
  })
  afterAll(() => Promise.all([...servers, sentinel].map((server) => server.stop())))

  const replication = (server: Server) => redisCommand(server.url, 'INFO', 'replication')

  /** Sentinel's word counts too: a server whose promotion it gave up says that it leads, and is made a replica again. */
  async function leads(server: Server): Promise<boolean> {
    const primary = await redisCommand(sentinel.url, 'SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'main')
    return primary.includes(String(server.port)) && (await replication(server)).includes('role:master')
  }

  let awaited = ''

  async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
    awaited = what
    while (!(await holds().catch(() => false))) await sleep(50)
  }

  test(
    'a failover by Sentinel, of a primary that died and of one that lives: the handle goes on at the next one',
    { timeout: 600_000 }, // a Sentinel that got no processor for two seconds does nothing for thirty
    async () => {
      onTestFailed(async () => {
        const states = await Promise.all(servers.map((server) => replication(server).catch(String)))
        console.error(`Waited for ${awaited}.`, ...states)
        console.error(await redisCommand(sentinel.url, 'SENTINEL', 'masters').catch(String))
      })
      const storage = redisStorage({
        redis: { sentinels: [{ host: '127.0.0.1', port: sentinel.port }], name: 'main', role: 'slave' },
        namespace: 'sentinel',
        operationTimeoutMs: 3_000,
      })
      const codes = new Set<string>()
      try {
        expect(await storage.decisionAudit.record('f', 'first')).toBe(1)
        const write = async (_: number, n: number): Promise<void> => {
          const failure = await failureOf(storage.decisionAudit.record('f', `${n}`)).catch(() => null)
          if (failure !== null) codes.add(failure.code)
        }
        const seq = await meanwhile(1, write, async () => {
          await until('a replica that Sentinel knows', async () =>
            (await redisCommand(sentinel.url, 'SENTINEL', 'replicas', 'main')).includes('flags'),
          )
          await servers[0].kill9()
          await until('the first failover', () => leads(servers[1]))
          const first = await patient(storage.decisionAudit, 'after the first')
          await servers[0].restart()
          await until('the old primary as a replica', async () =>
            (await replication(servers[0])).includes('master_link_status:up'),
          )
          // One that does not get through in time is given up by Sentinel, and has to be asked for again.
          await until('the second failover', async () => {
            if (await leads(servers[0])) return true
            await redisCommand(sentinel.url, 'SENTINEL', 'FAILOVER', 'main')
            return false
          })
          // until Sentinel gets to the other, ten seconds later, there are two primaries, and what it takes is lost
          await redisCommand(servers[1].url, 'REPLICAOF', '127.0.0.1', String(servers[0].port))
          await patient(storage.decisionAudit, 'after the second')
          return first
        })

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
        await storage.close()
      }
    },
  )

  /** Records an event of `g` as callers do: tries again what was not carried out, and looks where nobody knows. */
  async function patient(audit: DecisionAuditStorage, event: string): Promise<number> {
    awaited = `an event ${event}`
    for (;;) {
      try {
        return await audit.record('g', event)
      } catch (error) {
        awaited = `an event ${event}\n${String(error)}`
        const { retryable, outcome } = error as { retryable?: unknown; outcome?: unknown }
        if (retryable !== true && outcome !== 'unknown') throw error
        const events = outcome === 'unknown' ? await audit.eventsForDfid('g').catch(() => []) : []
        const there = events.find((one) => one.event === event)
        if (there !== undefined) return there.seq
      }
    }
  }
})
