import { appendFile } from 'node:fs/promises'
import { idempotencyKey } from '@dir/storage-core'
import { describe, expect, it } from 'vitest'
import { AGENTS, type Proposal } from '../src/agents.ts'
import type { Desk } from '../src/desk.ts'
import { ExchangeRefusal, placeOrder, readTrace } from '../src/execution.ts'
import { loadBars } from '../src/market.ts'
import { withDesk } from './desk.ts'

const AMOUNT = 1000
const step = 'place:entry'

function orderOf(agentId: string, rangePct: number): Proposal {
  const agent = AGENTS.find(({ id }) => id === agentId)
  const bar = loadBars()[0]
  if (agent === undefined || bar === undefined) throw new Error('no such agent or bar')
  return { dfid: 'flow', agent, bar: { ...bar, rangePct }, amount: AMOUNT, offers: 1 }
}

const entry = { key: idempotencyKey('flow', step, { amount: AMOUNT }), dfid: 'flow', step, amount: AMOUNT }

/** A claim whose process is gone. */
async function claimAndDie({ storage }: Desk): Promise<void> {
  await storage.idempotency.claim(entry.key, { leaseSec: 0.001 })
}

async function offerTwice(desk: Desk): Promise<void> {
  await Promise.all([1, 2].map(() => placeOrder(desk, orderOf('momentum', 1), AMOUNT)))
}

async function settled({ storage }: Desk): Promise<unknown[]> {
  const events = await storage.decisionAudit.allEventsChronological()
  return events.map(({ event, details }) => ({ event, details }))
}

describe('an order', () => {
  it('leaves one line in the trace, however often it is offered', () =>
    withDesk(async (desk) => {
      const order = orderOf('momentum', 1)
      await Promise.all([1, 2, 3].map(() => placeOrder(desk, order, AMOUNT)))
      await placeOrder(desk, order, AMOUNT)
      expect(await readTrace(desk.trace)).toEqual([entry])
    }))

  it('is executed again if its process died before the effect', () =>
    withDesk(async (desk) => {
      await claimAndDie(desk)
      await offerTwice(desk)
      expect(await readTrace(desk.trace)).toEqual([entry])
      const details = { key: entry.key, happened: false }
      expect(await settled(desk)).toEqual([{ event: 'claim_settled', details }])
    }))

  it('is not executed again if its process died after the effect', () =>
    withDesk(async (desk) => {
      await claimAndDie(desk)
      await appendFile(desk.trace, `${JSON.stringify(entry)}\n`)
      await offerTwice(desk)
      expect(await readTrace(desk.trace)).toEqual([entry])
      const details = { key: entry.key, happened: true }
      expect(await settled(desk)).toEqual([{ event: 'claim_settled', details }])
      expect(await desk.storage.idempotency.get(entry.key)).toEqual({ step, amount: AMOUNT })
    }))

  it('is half done when the exchange refuses its hedge', () =>
    withDesk(async (desk) => {
      const refusal = await placeOrder(desk, orderOf('reversion', 9), AMOUNT).catch((error: unknown) => error)
      expect(refusal).toEqual(new ExchangeRefusal('hedge', ['entry']))
      expect(await readTrace(desk.trace)).toEqual([entry])
    }))
})
