import { afterEach, beforeEach, expect, test } from 'vitest'
import type { StorageHandle } from '@dir/storage-core'
import { withServer } from '../../../scripts/servers/live.ts'
import { dropNamespace, redisStorage } from '../src/index.ts'
import { failureOf } from '../../../scripts/servers/failure.ts'
import { type LossyProxy, startLossyProxy } from './lossy-proxy.ts'

const namespace = 'lost_replies'

withServer('redis', (url) => {
  let proxy: LossyProxy
  let storage: StorageHandle

  beforeEach(async () => {
    await dropNamespace({ url, namespace })
    proxy = await startLossyProxy(url)
    storage = redisStorage({ url: proxy.url, namespace, operationTimeoutMs: 1_000 })
    await storage.init()
  })

  afterEach(async () => {
    proxy.replies = 'pass'
    await storage.close()
    await proxy.close()
    await dropNamespace({ url, namespace })
  })

  test('a write whose reply is lost is carried out once, and its caller is told the answer', async () => {
    for (let round = 1; round <= 10; round++) {
      proxy.replies = 'cut'
      expect(await storage.decisionAudit.record('flow', `round ${round}`)).toBe(round)
      proxy.replies = 'cut'
      expect(await storage.intentRetry.increment('flow')).toBe(round)
    }
    expect(proxy.lost).toBe(20)
    const events = await storage.decisionAudit.eventsForDfid('flow')
    expect(events.map((event) => [event.seq, event.event])).toEqual(
      Array.from({ length: 10 }, (_, index) => [index + 1, `round ${index + 1}`]),
    )
  })

  test('a lost reply to many writes of one turn tells each its own answer', async () => {
    proxy.replies = 'cut'
    const seqs = await Promise.all(
      Array.from({ length: 64 }, (_, index) => storage.decisionAudit.record('f', `${index}`)),
    )
    expect(seqs).toEqual(Array.from({ length: 64 }, (_, index) => index + 1))
    expect(await storage.decisionAudit.allEventsChronological()).toHaveLength(64)
  })

  test('a read whose reply is lost is asked again', async () => {
    await storage.context.setSession('flow', '{"a": 1}')
    proxy.replies = 'cut'
    expect(await storage.context.getSession('flow')).toBe('{"a": 1}')
    expect(proxy.lost).toBe(1)
  })

  test('a result that others wait for is claimed once, though the reply is lost', async () => {
    proxy.replies = 'cut'
    const claim = await storage.idempotency.claim('key', { leaseSec: 60 })
    expect(claim.state).toBe('started')
    expect((await storage.idempotency.claim('key', { leaseSec: 60 })).state).toBe('inFlight')
  })

  test('where no reply comes through at all, the outcome is unknown at the deadline, and the write happened once', async () => {
    proxy.replies = 'drop'
    const start = performance.now()
    expect(await failureOf(storage.decisionAudit.record('flow', 'one'))).toEqual({
      code: 'STORAGE_TIMEOUT',
      outcome: 'unknown',
      retryable: false,
    })
    expect(performance.now() - start).toBeLessThan(1_250)
    proxy.replies = 'pass'
    expect((await storage.decisionAudit.eventsForDfid('flow')).map((event) => event.event)).toEqual(['one'])
    expect(await storage.decisionAudit.record('flow', 'two')).toBe(2)
  })
})
