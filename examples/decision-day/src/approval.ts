import type { Contract, Proposal } from './agents.ts'
import { type Desk, type Status, move, parseSession } from './desk.ts'
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
  const rejections = findings.filter(({ reason }) => reason !== 'ok')
  const counts = await Promise.all(
    rejections.map((rejection) => desk.verbs.countRejection(dfid, 'check', { ...rejection, amount })),
  )
  await Promise.all(findings.map((finding) => keep(desk, dfid, amount, finding)))

  if (counts.length > 0) return revise(desk, proposal, 'PROPOSED', Math.max(...counts))
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

/** After a rejection: half the amount, or, past the cap, the end. */
export async function revise(
  desk: Desk,
  { dfid }: Proposal,
  from: Status,
  rejections: number,
): Promise<void> {
  if (rejections > RETRY_CAP)
    return move(desk, dfid, {
      step: 'revise',
      from,
      to: 'REFUSED',
      event: 'refused',
      details: { reason: 'rejected too often', rejections },
    })
  const before = await desk.storage.context.getSession(dfid)
  const session = parseSession(before)
  const amount = Math.round(session.amount / 2)
  await desk.storage.atomically((batch) => {
    batch.context.compareAndSetSession(dfid, before, JSON.stringify({ ...session, amount }))
    batch.decisionAudit.record(dfid, 'revised', { stepId: 'revise', state: from, details: { amount } })
  })
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
  const rejection = { check: 'escalation', reason: 'no budget left in this hour', amount }
  await revise(desk, proposal, 'PROPOSED', await desk.verbs.countRejection(dfid, 'check', rejection))
}

/** The reviewer, following a script: reads the request, decides, and so closes it and moves the flow. */
export async function review(desk: Desk, { dfid }: Proposal): Promise<void> {
  const pending = await desk.storage.escalation.getPendingRequests()
  const request = pending.find((one) => one.dfid === dfid)
  if (request === undefined) throw new Error(`The request of ${dfid} is not before the reviewer.`)
  const { changePct } = request.context as { changePct: number }
  const { amount } = request.proposal as { amount: number }
  const before = await desk.storage.context.getSession(dfid)

  const approved = changePct > -3
  const granted = changePct > 2 ? Math.round(amount * 0.75) : amount
  const decision = approved ? 'APPROVED' : 'DENIED'
  await move(desk, dfid, {
    step: 'review',
    from: 'ESCALATED',
    to: approved ? 'APPROVED' : 'REFUSED',
    event: 'reviewed',
    details: { decision, amount: granted },
    also: (batch) => {
      const proposalJson = JSON.stringify({ amount: granted })
      batch.escalation.resolveRequest(dfid, new Date().toISOString(), decision, proposalJson)
      const session = { ...parseSession(before), amount: granted }
      batch.context.compareAndSetSession(dfid, before, JSON.stringify(session))
    },
  })
}
