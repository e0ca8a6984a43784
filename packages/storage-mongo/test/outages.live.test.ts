import { setTimeout as sleep } from 'node:timers/promises'
import type { StorageHandle } from '@dir/storage-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Server, start } from '../../../scripts/servers/index.ts'
import { meanwhile } from '../../../scripts/servers/meanwhile.ts'
import { withOwnServer } from '../../../scripts/servers/live.ts'
import { mongoStorage } from '../src/index.ts'
import { prepare } from './prepare.ts'
import { failureOf } from '../../../scripts/servers/failure.ts'

const TIMEOUT_MS = 1_000
/** How much later than its deadline a call may settle on a busy machine. */
const GRACE_MS = 500

async function timed<T>(act: () => Promise<T>): Promise<{ readonly value: T; readonly ms: number }> {
  const begin = performance.now()
  const value = await act()
  return { value, ms: performance.now() - begin }
}

withOwnServer('mongo', () => {
  let server: Server
  let storage: StorageHandle
  let count = 0

  beforeAll(async () => {
    server = await start('mongo')
  })
  afterAll(() => server.stop())
  beforeEach(async () => {
    const namespace = `outages_${++count}`
    await prepare(server.url, namespace)
    storage = mongoStorage({ url: server.url, namespace, operationTimeoutMs: TIMEOUT_MS })
    await storage.init()
  })
  afterEach(() => storage.close())

  test('a stopped server: every call settles by its deadline, and no acquire comes through afterwards', async () => {
    await storage.resourceLock.acquire('before', { r: 1 }, 0)
    server.pause()
    const calls = await timed(() =>
      Promise.all([
        failureOf(storage.resourceLock.acquire('late', { r: 1 }, 0)),
        failureOf(storage.atomically((batch) => batch.resourceLock.acquire('batch', { r: 1 }, 0))),
        failureOf(storage.decisionAudit.record('late', 'event')),
        failureOf(storage.context.setSession('late', '1')),
        failureOf(storage.context.getSession('f')),
      ]),
    )
    server.resume()
    expect(calls.ms).toBeLessThan(TIMEOUT_MS + GRACE_MS)
    // they were ready to be committed, and no commit was sent
    expect(calls.value.map(({ outcome }) => outcome)).toEqual(calls.value.map(() => 'not-applied'))
    await sleep(300)
    expect((await storage.resourceLock.getHolds()).map((hold) => hold.dfid)).toEqual(['before'])
    expect(await storage.decisionAudit.allEventsChronological()).toEqual([])
    expect(await storage.context.getSession('late')).toBeNull()
  })

  test('a lone write that was sent to a stopped server is of unknown outcome', async () => {
    await storage.context.setSession('lone', '0') // its session is registered by then
    server.pause()
    const told = await failureOf(storage.context.setSession('lone', '1'))
    server.resume()
    expect(told).toEqual({ code: 'STORAGE_TIMEOUT', outcome: 'unknown', retryable: false })
  })

  test('a release after an acquire of unknown outcome removes its hold for good', async () => {
    for (let round = 0; round < 5; round++) {
      const acquire = storage.resourceLock.acquire('flow', { r: 1 }, 0).catch(() => null)
      await sleep(round * 2)
      server.pause()
      const resume = setTimeout(() => server.resume(), TIMEOUT_MS + 100)
      await acquire
      await storage.resourceLock.release('flow').catch(() => storage.resourceLock.release('flow'))
      clearTimeout(resume)
      server.resume()
      await sleep(100)
      expect(await storage.resourceLock.getHolds({ dfid: 'flow' })).toEqual([])
    }
  })

  test('a server that is killed under load: nothing acknowledged is lost, doubled or out of order', async () => {
    const acknowledged: { event: string; seq: number }[] = []
    const codes = new Set<string>()
    const write = async (writer: number, n: number): Promise<void> => {
      const event = `${writer}-${n}`
      try {
        acknowledged.push({ event, seq: await storage.decisionAudit.record(event, event) })
      } catch (error) {
        codes.add((error as { code: string }).code)
      }
    }
    await meanwhile(8, write, async () => {
      for (let round = 0; round < 3; round++) {
        const least = acknowledged.length + 200
        while (acknowledged.length < least) await sleep(5)
        await server.kill9()
        await server.restart()
      }
    })
    expect([...codes].filter((code) => !/^STORAGE_(UNAVAILABLE|TIMEOUT|READ_ONLY)$/.test(code))).toEqual([])
    const events = await storage.decisionAudit.allEventsChronological()
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1))
    expect(new Set(events.map(({ event }) => event)).size).toBe(events.length)
    expect(acknowledged.filter(({ event, seq }) => events[seq - 1]?.event !== event)).toEqual([])
  })

  test('a server that is down: each call is told so by its deadline, and works when it comes up', async () => {
    const namespace = `outages_${count}` // with its schema
    await server.kill9()
    const other = mongoStorage({ url: server.url, namespace, operationTimeoutMs: TIMEOUT_MS })
    try {
      const first = await timed(() => failureOf(other.intentRetry.increment('f')))
      expect(first.value).toEqual({ code: 'STORAGE_UNAVAILABLE', outcome: 'not-applied', retryable: true })
      expect(first.ms).toBeLessThan(TIMEOUT_MS + GRACE_MS)
      expect((await other.health()).ok).toBe(false)
      await server.restart()
      expect(await other.intentRetry.increment('f')).toBe(1)
      expect(await storage.intentRetry.increment('f')).toBe(2)
    } finally {
      await server.restart()
      await other.close()
    }
  })

  test.each([
    [TIMEOUT_MS, 'STORAGE_TIMEOUT'],
    [60_000, 'STORAGE_CLOSED'],
  ])('close() ends while the server does not answer (calls have %i ms)', async (operationTimeoutMs, code) => {
    const namespace = `outages_${count}`
    const patient = mongoStorage({ url: server.url, namespace, operationTimeoutMs })
    await patient.resourceLock.acquire('f', { r: 1 }, 0)
    server.pause()
    const call = failureOf(patient.context.setSession('f', '1'))
    const acquire = failureOf(patient.resourceLock.acquire('g', { r: 1 }, 0))
    const closing = await timed(() => patient.close())
    server.resume()
    expect(closing.ms).toBeLessThan(5_000 + 2 * GRACE_MS)
    expect((await call).code).toBe(code)
    // both were in one transaction, whose commit was not sent
    expect((await call).outcome).toBe('not-applied')
    expect(await storage.context.getSession('f')).toBeNull()
    expect((await acquire).code).toMatch(/^STORAGE_(TIMEOUT|CLOSED)$/)
  })
})
