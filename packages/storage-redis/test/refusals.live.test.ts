import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { StorageHandle } from '@dir/storage-core'
import { type Server, redisCommand, start } from '../../../scripts/servers/index.ts'
import { withOwnServer } from '../../../scripts/servers/live.ts'
import { dropNamespace, redisStorage } from '../src/index.ts'
import { failureOf } from '../../../scripts/servers/failure.ts'
import { type LossyProxy, startLossyProxy } from './lossy-proxy.ts'

// What an error reply says of a write, and of the writes that shared its script: nothing, unless it proves something.

const namespace = 'refusals'

withOwnServer('redis', () => {
  let server: Server
  let proxy: LossyProxy
  let storage: StorageHandle

  beforeAll(async () => {
    server = await start('redis')
  })
  afterAll(() => server.stop())

  const command = (...words: string[]) => redisCommand(server.url, ...words)
  const set = (name: string, value: string) => command('CONFIG', 'SET', name, value)

  beforeEach(async () => {
    proxy = await startLossyProxy(server.url)
    storage = redisStorage({ url: proxy.url, namespace, operationTimeoutMs: 2_000 })
    await storage.init()
  })

  afterEach(async () => {
    await set('maxmemory', '0')
    await set('min-replicas-to-write', '0')
    await command('REPLICAOF', 'NO', 'ONE')
    proxy.replies = 'pass'
    await storage.close()
    await proxy.close()
    await dropNamespace({ url: server.url, namespace })
  })

  test.each(['-ERR upstream failure', '-UPSTREAM gone', '-ERR Error running script', '-NOTHING ran'])(
    'a proxy that answers %s after the script ran: each write happens once, and its caller is told',
    async (reply) => {
      proxy.replies = reply as '-'
      const answers = await Promise.all([
        storage.intentRetry.increment('f'),
        storage.intentRetry.increment('f'),
        storage.decisionAudit.record('f', 'event'),
        storage.lifecycle.transition('f', null, 'APPROVED'),
      ])
      expect(answers).toEqual([1, 2, 1, true])
      expect(proxy.lost).toBe(1)
      expect(await storage.intentRetry.getCount('f')).toBe(2)
      expect(await storage.decisionAudit.allEventsChronological()).toHaveLength(1)
    },
  )

  test('a proxy that errs three times in a row: the server is asked once more for what it carried out', async () => {
    proxy.replies = '-ERR upstream failure'
    proxy.onLost = () => {
      if (proxy.lost < 3) proxy.replies = '-ERR upstream failure'
    }
    expect(await storage.intentRetry.increment('f')).toBe(1)
    proxy.onLost = () => {}
    expect(proxy.lost).toBe(3)
    expect(await storage.intentRetry.getCount('f')).toBe(1)
  })

  test('an error of a proxy that stays: the outcome is unknown, and the writes that shared the script are not sent anew', async () => {
    proxy.replies = '-ERR upstream failure'
    proxy.onLost = () => {
      proxy.replies = '-ERR upstream failure'
    }
    const failures = await Promise.all([
      failureOf(storage.intentRetry.increment('f')),
      failureOf(storage.decisionAudit.record('f', 'event')),
    ])
    proxy.onLost = () => {}
    proxy.replies = 'pass'
    const unknown = { code: 'STORAGE_INTERNAL', outcome: 'unknown', retryable: false }
    expect(failures).toEqual([unknown, unknown])
    expect(await storage.intentRetry.getCount('f')).toBe(1)
    expect(await storage.decisionAudit.allEventsChronological()).toHaveLength(1)
  })

  test('answers of any size are remembered: a lost reply doubles nothing', async () => {
    const large = { text: 'x'.repeat(100_000) }
    await storage.idempotency.set('large', large)
    proxy.replies = 'cut'
    const [claim, existing, seq, numbers] = await Promise.all([
      storage.idempotency.claim('large', { leaseSec: 60 }),
      storage.idempotency.setIfAbsent('large', {}),
      storage.decisionAudit.record('f', 'one'),
      storage.decisionAudit.recordMany(Array.from({ length: 900 }, () => ({ dfid: 'f', event: 'many' }))),
    ])
    expect(proxy.lost).toBe(1)
    expect([claim.state, existing.stored, seq, numbers.length]).toEqual(['replay', false, 1, 900])
    expect(await storage.decisionAudit.allEventsChronological()).toHaveLength(901)
  })

  test('a refusal whose reply is lost stays one, whatever was written after it in the same turn', async () => {
    await storage.context.setState('a', '1')
    proxy.replies = 'cut'
    const answers = await Promise.all([
      storage.context.compareAndSetState('a', '2', '3'),
      storage.context.setState('a', '2'),
    ])
    expect(proxy.lost).toBe(1)
    expect(answers).toEqual([false, undefined])
    expect(await storage.context.getState('a')).toBe('2')
  })

  /** The server's state when the second sending arrives, and what it says then. */
  const REFUSED: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['no memory', () => set('maxmemory', '1mb')],
    ['too few replicas', () => set('min-replicas-to-write', '1')],
    ['another role', () => command('REPLICAOF', '127.0.0.1', '1')],
  ]

  test.each(REFUSED)(
    'a repetition that is refused for %s says nothing of the first sending',
    async (_, refuse) => {
      proxy.onLost = async () => void (await refuse())
      proxy.replies = 'cut'
      const [one, two] = await Promise.all([
        failureOf(storage.decisionAudit.record('f', 'one')),
        failureOf(storage.intentRetry.increment('f')),
      ])
      expect([one.outcome, one.retryable]).toEqual(['unknown', false])
      expect([two.outcome, two.retryable]).toEqual(['unknown', false])
      await set('maxmemory', '0')
      await set('min-replicas-to-write', '0')
      await command('REPLICAOF', 'NO', 'ONE')
      expect(await redisCommand(server.url, 'XLEN', `{${namespace}}:events`)).toBe('1')
    },
  )

  test('what fails half-way is told as unknown, and what shared its script as it went', async () => {
    // an event that this package did not number: the next one cannot be appended
    await command('XADD', `{${namespace}}:events`, '9-0', 'dfid', 'foreign')
    const outcomes = await Promise.all([
      storage.intentRetry.increment('f'),
      failureOf(
        storage.atomically((batch) => {
          batch.context.setState('a', '1')
          batch.decisionAudit.record('f', 'event')
        }),
      ),
      failureOf(storage.decisionAudit.record('f', 'alone')),
      storage.intentRetry.increment('f'),
    ])
    const half = { code: 'STORAGE_INTERNAL', outcome: 'unknown', retryable: false }
    const nothing = { code: 'STORAGE_INTERNAL', outcome: 'not-applied', retryable: false }
    expect(outcomes).toEqual([1, half, nothing, 2])
    expect(await storage.context.getState('a')).toBe('1')
    // only what was begun has used up a number
    expect(await command('HGET', `{${namespace}}:meta`, 'events')).toMatch(/1$/)
  })

  test('a right that is taken away later: refused whole, and told so', async () => {
    await command('ACL', 'SETUSER', 'someone', 'on', '>secret', '~*', '+@all')
    const url = server.url.replace('redis://', 'redis://someone:secret@')
    const restricted = redisStorage({ url, namespace, operationTimeoutMs: 1_000 })
    try {
      await restricted.resourceLock.acquire('f', { r: 3 }, 0)
      for (const right of ['hdel', 'zrem', 'zadd', 'hset', 'zrange', 'evalsha', 'hmget']) {
        await command('ACL', 'SETUSER', 'someone', `-${right}`)
        const failures = await Promise.all([
          failureOf(restricted.resourceLock.release('f')),
          failureOf(restricted.lifecycle.transition('f', null, 'APPROVED')),
          failureOf(restricted.decisionAudit.record('f', 'event')),
        ])
        const refused = { code: 'STORAGE_PERMISSION', outcome: 'not-applied', retryable: false }
        expect([right, ...failures]).toEqual([right, refused, refused, refused])
        await command('ACL', 'SETUSER', 'someone', '+@all')
        expect(await storage.lifecycle.getCurrentStatus('f')).toBeNull()
        expect(await storage.resourceLock.getHolds()).toHaveLength(1)
        expect(await storage.resourceLock.getLockedAmount('r', null)).toBe(3)
        expect(await storage.decisionAudit.allEventsChronological()).toEqual([])
      }
    } finally {
      await restricted.close()
    }
  })

  test('init() judges the rights for every command of every script, and names those that are missing', async () => {
    await command('ACL', 'SETUSER', 'other', 'on', '>secret', '~*', '+@all', '-zlexcount', '-xrange')
    const url = server.url.replace('redis://', 'redis://other:secret@')
    const restricted = redisStorage({ url, namespace })
    const error = (await restricted.init().catch((reason: unknown) => reason)) as Error & { code: string }
    await restricted.close()
    expect([error.code, error.message]).toEqual([
      'STORAGE_PERMISSION',
      'This Redis user may not run what is needed: xrange, zlexcount. Grant it these commands, or enable them.',
    ])
  })
})
