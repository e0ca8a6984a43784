import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { StorageHandle } from '@dir/storage-core'
import { type Server, redisCommand, start } from '../../../scripts/servers/index.ts'
import { meanwhile } from '../../../scripts/servers/meanwhile.ts'
import { withOwnServer } from '../../../scripts/servers/live.ts'
import { redisStorage } from '../src/index.ts'
import { failureOf } from '../../../scripts/servers/failure.ts'

const TIMEOUT_MS = 600
/** How much later than its deadline a call may settle on a busy machine. */
const GRACE_MS = 400

async function timed<T>(act: () => Promise<T>): Promise<{ readonly value: T; readonly ms: number }> {
  const begin = performance.now()
  const value = await act()
  return { value, ms: performance.now() - begin }
}

withOwnServer('redis', () => {
  let server: Server
  let storage: StorageHandle
  let count = 0

  beforeAll(async () => {
    server = await start('redis')
  })
  afterAll(() => server.stop())
  beforeEach(async () => {
    storage = redisStorage({
      url: server.url,
      namespace: `outages_${++count}`,
      operationTimeoutMs: TIMEOUT_MS,
    })
    await storage.init()
  })
  afterEach(() => storage.close())

  test('a stopped server: every call settles by its deadline, and what came too late is not applied', async () => {
    await storage.resourceLock.acquire('before', { r: 1 }, 0)
    server.pause()
    const calls = await timed(() =>
      Promise.all([
        failureOf(storage.resourceLock.acquire('late', { r: 1 }, 0)),
        failureOf(storage.decisionAudit.record('late', 'event')),
        failureOf(storage.context.getSession('f')),
      ]),
    )
    server.resume()
    expect(calls.ms).toBeLessThan(TIMEOUT_MS + GRACE_MS)
    expect(calls.value.map(({ outcome, retryable }) => ({ outcome, retryable }))).toEqual([
      { outcome: 'unknown', retryable: false },
      { outcome: 'unknown', retryable: false },
      { outcome: 'not-applied', retryable: true },
    ])
    // the server has the late calls in its sockets, and refuses them for their deadline
    expect((await storage.resourceLock.getHolds()).map((hold) => hold.dfid)).toEqual(['before'])
    expect(await storage.decisionAudit.allEventsChronological()).toEqual([])
  })

  test('a release after an acquire of unknown outcome removes its hold for good', async () => {
    for (let round = 0; round < 3; round++) {
      server.pause()
      const acquire = failureOf(storage.resourceLock.acquire('flow', { r: 1 }, 0))
      const resume = setTimeout(() => server.resume(), TIMEOUT_MS - 150 + round * 100)
      await acquire.catch(() => {}) // whether it was in time does not matter
      await storage.resourceLock.release('flow').catch(() => storage.resourceLock.release('flow'))
      clearTimeout(resume)
      server.resume()
      expect(await storage.resourceLock.getHolds({ dfid: 'flow' })).toEqual([])
    }
  })

  test('a server that was killed: calls fail honestly, and work again once it is back, with all that was acknowledged', async () => {
    const acknowledged: string[] = []
    const codes = new Set<string>()
    const write = async (writer: number, n: number): Promise<void> => {
      const event = `${writer}-${n}`
      const failure = await failureOf(storage.decisionAudit.record(event, event)).catch(() => null)
      if (failure === null) acknowledged.push(event)
      else codes.add(failure.code)
    }
    await meanwhile(8, write, async () => {
      for (let round = 0; round < 3; round++) {
        const least = acknowledged.length + 100
        while (acknowledged.length < least) await new Promise((resolve) => setTimeout(resolve, 5))
        await server.kill9()
        await server.restart()
      }
    })
    expect([...codes].filter((code) => !/^STORAGE_(UNAVAILABLE|TIMEOUT)$/.test(code))).toEqual([])
    const events = (await storage.decisionAudit.allEventsChronological()).map((event) => event.event)
    expect(new Set(events).size).toBe(events.length)
    expect(acknowledged.filter((event) => !events.includes(event))).toEqual([])
  })

  test('a server that is down: each call is told so by its deadline, and the handle works when it comes up', async () => {
    await server.kill9()
    const other = redisStorage({ url: server.url, namespace: 'down', operationTimeoutMs: TIMEOUT_MS })
    try {
      const first = await timed(() => failureOf(other.intentRetry.increment('f')))
      expect(first.value).toEqual({ code: 'STORAGE_UNAVAILABLE', outcome: 'not-applied', retryable: true })
      expect(first.ms).toBeLessThan(TIMEOUT_MS + GRACE_MS)
      const second = await timed(() => failureOf(storage.intentRetry.increment('f')))
      expect(second.value).toEqual({ code: 'STORAGE_UNAVAILABLE', outcome: 'not-applied', retryable: true })
      expect((await other.health()).ok).toBe(false)
      await server.restart()
      expect(await other.intentRetry.increment('f')).toBe(1)
      expect(await storage.intentRetry.increment('f')).toBe(1)
    } finally {
      await server.restart()
      await other.close()
    }
  })

  test('scripts that the server forgot are sent again, in the order of the calls', async () => {
    for (let round = 0; round < 5; round++) {
      await redisCommand(server.url, 'SCRIPT', 'FLUSH')
      await Promise.all([
        storage.context.setSession('f', `"a ${round}"`),
        storage.context.setSession('f', `"b ${round}"`),
        storage.context.getSession('f').then((text) => expect(text).toBe(`"b ${round}"`)),
      ])
    }
  })

  test('many calls that wait in an outage share their listeners, and close() ends all of them', async () => {
    const warnings: Error[] = []
    const warned = (warning: Error): void => void warnings.push(warning)
    process.on('warning', warned)
    await server.kill9()
    try {
      const calls = Array.from({ length: 40 }, (_, n) =>
        failureOf(n % 2 === 0 ? storage.context.getState(`${n}`) : storage.context.setState(`${n}`, '1')),
      )
      const closing = await timed(() => storage.close())
      expect(closing.ms).toBeLessThan(TIMEOUT_MS + 200 + GRACE_MS)
      for (const { outcome } of await Promise.all(calls)) expect(outcome).toBe('not-applied')
      await new Promise(setImmediate) // warnings are told in a turn of their own
      expect(warnings.map(({ message }) => message)).toEqual([])
    } finally {
      process.off('warning', warned)
      await server.restart()
    }
  })

  test('close() ends while the server does not answer', async () => {
    server.pause()
    const call = failureOf(storage.decisionAudit.record('f', 'e'))
    const closing = await timed(() => storage.close())
    server.resume()
    expect(closing.ms).toBeLessThan(TIMEOUT_MS + 200 + GRACE_MS)
    expect(await call).toEqual({ code: 'STORAGE_TIMEOUT', outcome: 'unknown', retryable: false })
  })
})
