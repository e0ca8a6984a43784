// Writes that append, and human decisions.
import type { EscalationRequest } from '@dir/storage-core'
import type { Write } from './write.ts'

const events: Pick<Write, 'look' | 'later'> = {
  look: async ({ decisionAudit }, id) => (await decisionAudit.eventsForDfid(id)).map(({ event }) => event),
  later: async ({ decisionAudit }, id) => void (await decisionAudit.record(id, 'later')),
}

const transitions: Pick<Write, 'look'> = {
  look: async ({ lifecycle }, id) => {
    const listed = await Array.fromAsync(lifecycle.listFlows())
    return [await lifecycle.getTransitions(id), listed.filter(({ dfid }) => dfid === id)]
  },
}

const request = (id: string, reason: string): EscalationRequest => ({
  dfid: id,
  agentId: id,
  reason,
  contextJson: '{}',
  proposalJson: '{}',
  impact: 'low',
})

const BUDGET = { limit: 5, windowSec: 3_600 }
const LONG_AGO = '2000-01-01 00:00:00.000000'
const WHEN = '2026-01-01 00:00:00.000000'

const requests: Pick<Write, 'look'> = {
  look: async ({ escalation }, id) => [
    await escalation.getRequest(id),
    await escalation.getWindowCount(id, LONG_AGO),
  ],
}

export const logs: readonly Write[] = [
  {
    ...events,
    name: 'decisionAudit.record',
    act: ({ decisionAudit }, id) => decisionAudit.record(id, 'act'),
    agrees: async (seq, { decisionAudit }, id) =>
      (await decisionAudit.eventsForDfid(id)).some((one) => one.seq === seq && one.event === 'act'),
  },
  {
    ...events,
    name: 'decisionAudit.recordMany',
    act: ({ decisionAudit }, id) =>
      decisionAudit.recordMany(['act 1', 'act 2', 'act 3'].map((event) => ({ dfid: id, event }))),
    agrees: async (seqs, { decisionAudit }, id) => {
      const there = await decisionAudit.eventsForDfid(id)
      const acts = there.filter(({ event }) => event.startsWith('act')).map(({ seq }) => seq)
      return String(acts) === String(seqs)
    },
  },
  {
    ...transitions,
    name: 'lifecycle.recordTransition',
    act: ({ lifecycle }, id) => lifecycle.recordTransition(id, null, 'ACT'),
    later: ({ lifecycle }, id) => lifecycle.recordTransition(id, null, 'LATER'),
  },
  {
    ...transitions,
    name: 'lifecycle.transition',
    prepare: ({ lifecycle }, id) => lifecycle.recordTransition(id, null, 'FIRST'),
    act: ({ lifecycle }, id) => lifecycle.transition(id, 'FIRST', 'ACT'),
    later: ({ lifecycle }, id) => lifecycle.recordTransition(id, null, 'FIRST'), // its condition holds once more
  },
  {
    ...requests,
    name: 'escalation.recordBudgetToken',
    act: ({ escalation }, id) => escalation.recordBudgetToken(id),
    later: ({ escalation }, id) => escalation.tryConsumeBudget(id, BUDGET),
  },
  {
    ...requests,
    name: 'escalation.insertRequest',
    prepare: ({ escalation }, id) => escalation.insertRequest(request(id, 'first')),
    act: ({ escalation }, id) => escalation.insertRequest(request(id, 'act')),
    later: ({ escalation }, id) => escalation.resolveRequest(id, WHEN, 'APPROVED', null),
  },
  {
    ...requests,
    name: 'escalation.resolveRequest',
    prepare: ({ escalation }, id) => escalation.insertRequest(request(id, 'first')),
    act: ({ escalation }, id) =>
      escalation.resolveRequest(id, WHEN, 'APPROVED', '7', { resolvedBy: 'reviewer' }),
    later: ({ escalation }, id) => escalation.insertRequest(request(id, 'later')),
  },
  {
    ...requests,
    name: 'escalation.tryConsumeBudget',
    act: ({ escalation }, id) => escalation.tryConsumeBudget(id, BUDGET),
    later: ({ escalation }, id) => escalation.tryConsumeBudget(id, BUDGET),
    isAlone: true,
  },
  {
    ...requests,
    name: 'escalation.requestWithinBudget',
    prepare: ({ escalation }, id) => escalation.insertRequest(request(id, 'first')),
    act: ({ escalation }, id) => escalation.requestWithinBudget(request(id, 'act'), BUDGET),
    later: ({ escalation }, id) => escalation.resolveRequest(id, WHEN, 'APPROVED', null),
    isAlone: true,
  },
]
