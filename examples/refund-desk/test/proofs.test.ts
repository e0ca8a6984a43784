import type { AuditEvent, Transition } from '@dir/storage-core'
import { describe, expect, test } from 'vitest'
import { type Left, prove } from '../src/proofs.ts'
import type { Refund } from '../src/refund.ts'

const at = '2026-03-01T09:30:00.000000Z'
const path = ['ASKED', 'ESCALATED', 'APPROVED', 'RESERVED', 'PAID']
const details: Readonly<Record<string, object>> = {
  APPROVED: { resolvedBy: 'head-of-service' },
  RESERVED: { pence: 150_00 },
}
const refund: Refund = {
  id: 'C1',
  pence: 150_00,
  reason: 'broken',
  status: 'PAID',
  declined: 0,
  payment_id: 'P-1',
  seq: 5,
}
const events = path.map((state, index): AuditEvent => {
  return {
    seq: index + 1,
    dfid: 'C1',
    event: state,
    state,
    stepId: '',
    agentId: null,
    timestamp: at,
    details: { ...details[state] },
    detailsJson: '',
  }
})
const transitions = path.map((toStatus, index): Transition => {
  return { dfid: 'C1', fromStatus: path[index - 1] ?? null, toStatus, createdAt: at }
})
const payment = { key: 'k', paymentId: 'P-1', reference: 'C1', pence: 150_00 }
const good: Left = {
  refunds: [refund],
  events,
  transitions,
  requests: [
    {
      dfid: 'C1',
      agentId: 'refund-desk',
      reason: 'large',
      impact: '',
      context: {},
      contextJson: '{}',
      proposal: {},
      proposalJson: '{}',
      createdAt: at,
      status: 'RESOLVED',
      decision: 'APPROVED',
      resolvedAt: at,
      resolvedBy: 'head-of-service',
    },
  ],
  holds: [],
  payments: [payment],
  asked: { C1: 1 },
}

const broken = (left: Left): string[] =>
  [...prove(left)].filter(([, wrong]) => wrong.length > 0).map(([title]) => title)

const PAID = 'each paid exactly once, and nothing else'
const ASKED = 'the service was asked once for each try'
const TOLD = 'no row without its event, no event without its row'
const STEPS = 'each step follows from the one before, and is told once'
const DECIDED = 'who decided is known, and told'

describe('the proofs', () => {
  test('hold of a day that is well', () => {
    expect(broken(good)).toEqual([])
  })

  test.each<[string, Partial<Left>, readonly string[]]>([
    [
      'a refund that is not over',
      { refunds: [{ ...refund, status: 'RESERVED' }] },
      ['every refund is over: paid or refused', PAID, ASKED, TOLD],
    ],
    ['a payment twice', { payments: [payment, { ...payment, key: 'l', paymentId: 'P-2' }] }, [PAID]],
    ['no payment', { payments: [] }, [PAID]],
    ['another amount', { payments: [{ ...payment, pence: 1 }] }, [PAID]],
    ['a payment of nobody’s refund', { payments: [payment, { ...payment, reference: 'C2' }] }, [PAID]],
    ['a payout that ran twice', { asked: { C1: 2 } }, [ASKED]],
    ['a row that is gone', { refunds: [] }, [PAID, TOLD, STEPS]],
    ['an event that is gone', { events: events.slice(0, 4) }, [TOLD, STEPS]],
    ['an event twice', { events: [...events, { ...events[4]!, seq: 6 }] }, [TOLD, STEPS]],
    ['a transition that is gone', { transitions: transitions.slice(0, 4) }, [STEPS]],
    [
      'a step that was taken twice',
      { events: [...events, { ...events[4]!, seq: 5 }], transitions: [...transitions, transitions[4]!] },
      [STEPS],
    ],
    ['somebody else who decided', { requests: [{ ...good.requests[0]!, resolvedBy: 'nobody' }] }, [DECIDED]],
    ['a decision that is not told', { requests: [{ ...good.requests[0]!, decision: 'REFUSED' }] }, [DECIDED]],
    [
      'more than there is',
      {
        events: events.map((one) =>
          one.state === 'RESERVED' ? { ...one, details: { pence: 1_000_00 } } : one,
        ),
      },
      ['never more cash in use than there is'],
    ],
    [
      'a hold',
      { holds: [{ dfid: 'C1', resourceId: 'cash', amount: 1, acquiredAt: at, expiresAt: null, fence: 1 }] },
      ['nothing is reserved at the end'],
    ],
  ])('fail for %s', (_, change, titles) => {
    expect(broken({ ...good, ...change })).toEqual(titles)
  })
})
