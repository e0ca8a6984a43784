import type { Contract, Proposal } from './agents.ts'
import { type Desk, type Status, move, parseSession, setAmount } from './desk.ts'
import type { Bar } from './market.ts'

/** So many rejections are answered with a smaller amount; one more ends the flow. */
const RETRY_CAP = 3
const HOUR_SEC = 3600

type Judge = (amount: number, bar: Bar, contract: Contract) => string

const CHECKS: Readonly<Record<string, Judge>> = {
  contract: (amount, _, { maxAmount }) => (amount > maxAmount ? 'more than the contract allows' : 'ok'),
  market: (amount, { rangePct }, { maxAmount }) =>
    rangePct > 2.5 && amount > maxAmount / 2 ? 'too much for so wild a day' : 'ok',
}

/** Both checks at the same time; every rejection counts. What passes goes on, a large trade by way of the reviewer. */
export async function check(desk: Desk, proposal: Proposal): Promise<void> {
  const { dfid, agent, bar } = proposal
  const registered = await desk.storage.agentRegistry.getAgent(agent.id)
  if (registered?.status !== 'ACTIVE')
    return move(desk, dfid, {
      step: 'check',
      from: 'PROPOSED',
      to: 'REFUSED',
      event: 'refused',
      details: { reason: 'the agent is not active' },
    })
  const contract = registered.contract as Contract
  const { amount } = parseSession(await desk.storage.context.getSession(dfid))

  const findings = Object.entries(CHECKS).map(([name, judge]) => ({
    check: name,
    reason: judge(amount, bar, contract),
  }))
  await Promise.all(findings.map((finding) => keep(desk, dfid, amount, finding)))

  const rejections = findings.filter(({ reason }) => reason !== 'ok')
  if (rejections.length > 0)
    return reject(desk, dfid, { step: 'check', from: 'PROPOSED', amount }, rejections)
  if (amount > contract.escalateAbove) return escalate(desk, proposal, amount, contract)
  await move(desk, dfid, {
    step: 'check',
    from: 'PROPOSED',
    to: 'APPROVED',
    event: 'approved',
    details: { amount },
  })
}

interface Finding {
  readonly check: string
  readonly reason: string
}

/** Adds a finding to the flow's session, beside what the other check adds at the same time. */
function keep(desk: Desk, dfid: string, amount: number, { check: name, reason }: Finding): Promise<void> {
  return desk.verbs.merge(dfid, (session) => {
    const ofCheck = { ...session.findings[name], [amount]: reason }
    return { ...session, findings: { ...session.findings, [name]: ofCheck } }
  })
}

export interface Rejected {
  readonly step: string
  readonly from: Status
  readonly amount: number
}

/**
 * Says why in the log, and counts; then it is half the amount, or, past the cap, the end. Count and session follow the
 * log: what a crash keeps from them, `takeUp` reads there.
 */
export async function reject(
  desk: Desk,
  dfid: string,
  { step, from, amount }: Rejected,
  rejections: readonly Finding[],
): Promise<void> {
  const { decisionAudit } = desk.storage
  await decisionAudit.recordMany(
    rejections.map((one) => ({ dfid, event: 'rejected', stepId: step, details: { ...one, amount } })),
  )
  const counts = await Promise.all(rejections.map(() => desk.verbs.countRejection(dfid)))
  const count = Math.max(...counts)
  if (count > RETRY_CAP)
    return move(desk, dfid, {
      step: 'revise',
      from,
      to: 'REFUSED',
      event: 'refused',
      details: { reason: 'rejected too often', rejections: count },
    })
  const half = Math.round(amount / 2)
  await decisionAudit.record(dfid, 'revised', { stepId: 'revise', state: from, details: { amount: half } })
  await setAmount(desk, dfid, half)
}

/** A large trade goes before the reviewer if the agent's hourly budget allows; else it is rejected. */
async function escalate(desk: Desk, proposal: Proposal, amount: number, contract: Contract): Promise<void> {
  const { dfid, agent, bar } = proposal
  const request = {
    dfid,
    agentId: agent.id,
    reason: 'large trade',
    contextJson: JSON.stringify({ changePct: bar.changePct }),
    proposalJson: JSON.stringify({ amount }),
    impact: `${amount} dollars`,
  }
  const budget = { limit: contract.escalationsPerHour, windowSec: HOUR_SEC }
  const { granted, used } = await desk.verbs.escalate(request, budget)
  if (granted)
    return move(desk, dfid, {
      step: 'check',
      from: 'PROPOSED',
      to: 'ESCALATED',
      event: 'escalated',
      details: { amount, used },
    })
  const rejection = { check: 'escalation', reason: 'no budget left in this hour' }
  await reject(desk, dfid, { step: 'check', from: 'PROPOSED', amount }, [rejection])
}
