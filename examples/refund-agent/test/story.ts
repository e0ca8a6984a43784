import { type StorageHandle, idempotencyKey, runOnce } from '@dir/storage-core'
import { describe, expect, onTestFinished, test } from 'vitest'
import { failureOf } from '../../../scripts/servers/failure.ts'
import { type Payments, type Refund, refundAgent } from '../src/agent.ts'

/** A service in this process; `decline` says why it does not pay, if so. */
class Service implements Payments {
  readonly paid = new Map<string, Refund>()
  decline: string | null = null

  async pay(key: string, refund: Refund): Promise<{ paymentId: string } | { declined: string }> {
    if (this.decline !== null) return { declined: this.decline }
    if (this.paid.has(key)) throw new Error('Asked twice, as no test here does.')
    this.paid.set(key, refund)
    return { paymentId: `payment of ${refund.amount}` }
  }

  async find(key: string): Promise<{ paymentId: string } | null> {
    const refund = this.paid.get(key)
    return refund === undefined ? null : { paymentId: `payment of ${refund.amount}` }
  }
}

/** What the agent does on a store that `open` opens once more, empty at first for each test. */
export function agentOn(name: string, fresh: () => Promise<() => StorageHandle>): void {
  async function start() {
    const open = await fresh()
    const service = new Service()
    const agent = () => {
      const storage = open()
      onTestFinished(() => storage.close())
      return { storage, ...refundAgent(storage, service) }
    }
    const first = agent()
    await first.register()
    const trail = async (dfid: string) =>
      (await first.storage.decisionAudit.eventsForDfid(dfid)).map(({ event }) => event)
    return { ...first, another: agent, service, trail }
  }
  const small = { orderId: '536365', amount: 20.34, reason: 'arrived broken' }
  const large = { ...small, amount: 339.6 }
  const dfid = 'refund-536365'

  describe(`the refund agent on ${name}`, () => {
    test('pays a small refund, and leaves its trail and no hold', async () => {
      const { storage, propose, trail } = await start()
      expect(await propose(small)).toBe('PAID')
      expect(await trail(dfid)).toEqual(['PROPOSED', 'APPROVED', 'RESERVED', 'PAID'])
      expect(await storage.resourceLock.getHolds()).toEqual([])
    })

    test('pays once, however many propose the same at the same time', async () => {
      const { propose, another, service, trail } = await start()
      const agents = Array.from({ length: 4 }, another)
      const all = await Promise.all([propose(small), ...agents.map((agent) => agent.propose(small))])
      expect(new Set(all)).toEqual(new Set(['PAID']))
      expect(service.paid.size).toBe(1)
      expect(await trail(dfid)).toEqual(['PROPOSED', 'APPROVED', 'RESERVED', 'PAID'])
    })

    test('has a human decide on a large one, and pays what they say', async () => {
      const { storage, propose, decide, service, trail } = await start()
      expect(await propose(large)).toBe('ESCALATED')
      expect(await decide(dfid, 'APPROVED', 'head-of-service', 150)).toBe('PAID')
      expect(await decide(dfid, 'REFUSED', 'somebody-else')).toBe('PAID')
      expect([...service.paid.values()]).toEqual([{ ...large, amount: 150 }])
      const request = await storage.escalation.getRequest(dfid)
      expect([request?.decision, request?.resolvedBy]).toEqual(['APPROVED', 'head-of-service'])
      const decided = ['PROPOSED', 'ESCALATED', 'DECIDED', 'APPROVED', 'RESERVED', 'PAID']
      expect(await trail(dfid)).toEqual(decided)
    })

    test('refuses what a human refuses', async () => {
      const { propose, decide, service } = await start()
      await propose(large)
      expect(await decide(dfid, 'REFUSED', 'head-of-service')).toBe('REFUSED')
      expect(service.paid.size).toBe(0)
    })

    test('tries three times, and then gives up, holding nothing', async () => {
      const { storage, propose, service, trail } = await start()
      service.decline = 'account closed'
      expect(await propose(small)).toBe('REFUSED')
      const tries = ['DECLINED', 'DECLINED', 'DECLINED']
      expect(await trail(dfid)).toEqual(['PROPOSED', 'APPROVED', 'RESERVED', ...tries, 'REFUSED'])
      expect(await storage.resourceLock.getHolds()).toEqual([])
    })

    test('waits for cash that others hold, and refuses what there never is', async () => {
      const { storage, propose, decide, advance } = await start()
      await storage.resourceLock.acquire('others', { cash: 990 }, 1)
      expect(await propose(small)).toBe('APPROVED')
      await storage.resourceLock.release('others')
      expect(await advance(dfid)).toBe('PAID')
      await propose({ ...large, orderId: '581483', amount: 1_001 })
      expect(await decide('refund-581483', 'APPROVED', 'head-of-service')).toBe('REFUSED')
    })

    test.each([
      { after: 'after it was paid', isPaid: true },
      { after: 'before it was paid', isPaid: false },
    ])('goes on where a process died $after, and pays once', async ({ isPaid }) => {
      const { storage, propose, advance, service } = await start()
      await storage.resourceLock.acquire('others', { cash: 990 }, 1)
      await propose(small)
      await storage.resourceLock.release('others')
      const key = idempotencyKey(dfid, 'pay', { amount: small.amount })
      if (isPaid) await service.pay(key, small)
      const died = await storage.idempotency.claim(key, { leaseSec: 0.001 })
      expect(died.state).toBe('started')
      const again = runOnce(storage.idempotency, key, { leaseSec: 1 }, () => ({}))
      expect(await failureOf(again)).toEqual({
        code: 'STORAGE_AMBIGUOUS',
        outcome: 'not-applied',
        retryable: false,
      })
      expect(await advance(dfid)).toBe('PAID')
      expect(service.paid.size).toBe(1)
    })
  })
}
