import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { StorageHandle } from '@dir/storage-core'
import { type Server, redisCommand, start } from '../../../scripts/servers/index.ts'
import { withOwnServer } from '../../../scripts/servers/live.ts'
import { type RedisStorageOptions, redisStorage } from '../src/index.ts'
import { failureOf } from '../../../scripts/servers/failure.ts'

// What a handle finds when it starts.

const namespace = 'start'

withOwnServer('redis', () => {
  let server: Server
  const handles: StorageHandle[] = []

  beforeAll(async () => {
    server = await start('redis')
  })
  afterAll(() => server.stop())
  afterEach(async () => {
    await Promise.all(handles.splice(0).map((handle) => handle.close()))
    await set('maxmemory', '0')
    await set('min-replicas-to-write', '0')
    await command('FLUSHALL')
  })

  const command = (...words: string[]) => redisCommand(server.url, ...words)
  const set = (name: string, value: string) => command('CONFIG', 'SET', name, value)
  const key = (name: string) => `{${namespace}}:${name}`

  function open(options: Partial<RedisStorageOptions> = {}): StorageHandle {
    const storage = redisStorage({ url: server.url, namespace, operationTimeoutMs: 2_000, ...options })
    handles.push(storage)
    return storage
  }

  test('where no memory is left, a process that starts now can read and release', async () => {
    await open().resourceLock.acquire('flow', { r: 2 }, 0)
    await set('maxmemory', '1mb')
    await command('SCRIPT', 'FLUSH')
    const storage = open()
    expect(await storage.resourceLock.getHolds()).toHaveLength(1)
    expect((await storage.health()).ok).toBe(true)
    expect((await Array.fromAsync(storage.exportRecords())).length).toBeGreaterThan(0)
    await storage.resourceLock.release('flow')
    expect(await storage.resourceLock.getLockedAmount('r', null)).toBe(0)
    expect((await failureOf(storage.context.setState('a', '1'))).code).toBe('STORAGE_FULL')
  })

  test('where nothing may be written, a process that starts now can read', async () => {
    await open().context.setState('a', '1')
    await set('min-replicas-to-write', '1')
    const storage = open()
    expect(await storage.context.getState('a')).toBe('1')
    expect(await failureOf(storage.context.setState('a', '2'))).toEqual({
      code: 'STORAGE_UNAVAILABLE',
      outcome: 'not-applied',
      retryable: true,
    })
  })

  test.each([true, false])('counters that are behind what is stored are raised (init: %s)', async (init) => {
    const first = open()
    await first.decisionAudit.recordMany([
      { dfid: 'f', event: 'a' },
      { dfid: 'f', event: 'b' },
    ])
    await first.lifecycle.transition('f', null, 'NEW')
    await first.saga.markDirty('f', 'step', '{}')
    await first.resourceLock.acquire('f', { r: 1 }, 0)
    await first.resourceLock.release('f')
    const fence = (await first.resourceLock.acquire('f', { r: 1 }, 0))?.fence ?? 0
    await first.escalation.recordBudgetToken('a')
    const request = { agentId: 'a', reason: 'r', contextJson: '{}', proposalJson: '{}', impact: 'HIGH' }
    await first.escalation.insertRequest({ dfid: 'f', ...request } as never)
    // as after a restore in which this key is older than the others
    await command('HDEL', key('meta'), 'events', 'transitions', 'fence', 'marks', 'requests', 'tokens')
    const second = open({ init })
    expect((await second.health()).details['raisedNumbers']).toBe(
      'events, transitions, fence, marks, tokens, requests',
    )
    expect(await second.decisionAudit.record('f', 'c')).toBe(3)
    await second.lifecycle.transition('f', 'NEW', 'DONE')
    await second.saga.markDirty('g', 'step', '{}')
    await second.escalation.insertRequest({ dfid: 'g', ...request } as never)
    expect((await second.resourceLock.acquire('g', { r: 1 }, 0))?.fence).toBe(fence + 1)
    expect((await second.decisionAudit.allEventsChronological()).map((event) => event.event)).toEqual([
      'a',
      'b',
      'c',
    ])
    expect((await second.lifecycle.getTransitions('f')).map((one) => one.toStatus)).toEqual(['NEW', 'DONE'])
    expect(await second.saga.getDirtyFlows()).toEqual(['f', 'g'])
    expect((await second.escalation.getPendingRequests()).map((one) => one.dfid)).toEqual(['f', 'g'])
    const counters = await command(
      'HMGET',
      key('meta'),
      'events',
      'transitions',
      'fence',
      'marks',
      'requests',
      'tokens',
    )
    expect(
      counters
        .split('\r\n')
        .slice(1)
        .filter((line) => /^\d+$/.test(line)),
    ).toEqual(['3', '2', '3', '2', '2', '1'])
  })

  test('a store that has no id yet gets one, once', async () => {
    await open().context.setState('a', '1')
    await command('HDEL', key('meta'), 'id')
    const handles = [open(), open({ init: false })]
    expect(await Promise.all(handles.map((handle) => handle.context.getState('a')))).toEqual(['1', '1'])
    for (const handle of handles) expect((await handle.health()).ok).toBe(true)
  })

  test('the last calls of handles that ended are forgotten, a few with each call, whoever makes it', async () => {
    for (let n = 0; n < 6; n++) {
      const storage = open({ init: n === 0 })
      await storage.intentRetry.increment('f')
      await storage.close()
    }
    const ended = (await command('ZRANGE', key('calls_by_end'), '0', '-1'))
      .split('\r\n')
      .filter((line) => line.length === 16)
    expect(ended).toHaveLength(6)
    for (const handle of ended) await command('ZADD', key('calls_by_end'), '1', handle)
    const storage = open({ init: false })
    await storage.intentRetry.increment('f')
    await storage.intentRetry.increment('f')
    expect(await command('ZCARD', key('calls_by_end'))).toBe('1')
    expect(await command('HLEN', key('calls'))).toBe('1')
  })
})
