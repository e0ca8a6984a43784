import { type InsufficientCapacityError, isStorageError } from '@dir/storage-core'
import { CAPACITIES, type Proposal } from './agents.ts'
import { check, reject } from './approval.ts'
import { type Desk, type Session, move, parseSession, releaseCapital } from './desk.ts'
import { ExchangeRefusal, placeOrder, reverseLegs } from './execution.ts'
import { review } from './review.ts'

type Step = (desk: Desk, proposal: Proposal) => Promise<void>

/** What comes next, by where the flow stands. */
const STEPS: Readonly<Record<string, Step>> = {
  NEW: open,
  PROPOSED: check,
  ESCALATED: review,
  APPROVED: reserve,
  RESERVED: execute,
  BROKEN: compensate,
}

/**
 * Runs one proposal from context to end. What comes next is read from the store. Each step commits its outcome, its
 * event and the transition together; what the next step needs is written before, so that a step can be repeated, and
 * what follows from the log is written after, so that `takeUp` can make it good.
 */
export async function runFlow(desk: Desk, proposal: Proposal): Promise<void> {
  for (;;) {
    const status = await desk.storage.lifecycle.getCurrentStatus(proposal.dfid)
    const step = STEPS[status ?? 'NEW']
    if (step === undefined) return
    await step(desk, proposal)
  }
}

/** The context: what is proposed, and what the agent last saw. */
async function open(desk: Desk, { dfid, agent, bar, amount }: Proposal): Promise<void> {
  const { context } = desk.storage
  const session: Session = { amount, findings: {} }
  await context.setSession(dfid, JSON.stringify(session))
  await context.setState(agent.id, JSON.stringify({ seen: bar.date, close: bar.close }))
  await move(desk, dfid, {
    step: 'open',
    from: null,
    to: 'PROPOSED',
    event: 'proposed',
    details: { agent: agent.id, amount, close: bar.close },
  })
}

/** Capital: from the cash of all, and from the agent's own book. No room is one more rejection. */
async function reserve(desk: Desk, proposal: Proposal): Promise<void> {
  const { dfid, agent } = proposal
  const amount = await amountOf(desk, dfid)
  try {
    await desk.verbs.reserve(dfid, { cash: amount, [`book:${agent.id}`]: amount }, CAPACITIES)
  } catch (error) {
    if (!isNoRoom(error)) throw error
    const rejection = { check: 'capital', reason: `no room on ${error.resourceId}` }
    await reject(desk, dfid, { step: 'reserve', from: 'APPROVED', amount }, [rejection])
  }
}

/** The order, offered once or twice at the same time. If it fails half-way, what was placed is left to the saga. */
async function execute(desk: Desk, proposal: Proposal): Promise<void> {
  const { dfid, agent, offers } = proposal
  const amount = await amountOf(desk, dfid)
  const from = { step: 'execute', from: 'RESERVED' } as const
  try {
    await Promise.all(Array.from({ length: offers }, () => placeOrder(desk, proposal, amount)))
  } catch (error) {
    if (!(error instanceof ExchangeRefusal)) throw error
    const { leg, placed } = error
    await desk.storage.saga.markDirty(dfid, `place:${leg}`, JSON.stringify({ placed, amount }))
    return move(desk, dfid, {
      ...from,
      to: 'BROKEN',
      event: 'execution_failed',
      details: { leg, placed },
    })
  }
  await move(desk, dfid, {
    ...from,
    to: 'EXECUTED',
    event: 'executed',
    details: { legs: agent.legs, offers, amount },
  })
}

/** Takes back what the saga store says was placed, then frees the capital. */
async function compensate(desk: Desk, { dfid }: Proposal): Promise<void> {
  const dirty = await desk.storage.saga.getDirtyState(dfid)
  if (dirty === null) throw new Error(`The saga store has no mark of ${dfid}.`)
  const { placed, amount } = dirty.partialState as { placed: readonly string[]; amount: number }
  await reverseLegs(desk, dfid, placed, amount)
  await move(desk, dfid, {
    step: 'compensate',
    from: 'BROKEN',
    to: 'COMPENSATED',
    event: 'compensated',
    details: { reversed: placed },
    also: (batch) => releaseCapital(batch, dfid, 'compensate'),
  })
  await desk.storage.saga.clearDirty(dfid)
}

/** Closes the position of an executed flow, which frees its capital. */
export async function closePosition(desk: Desk, dfid: string): Promise<void> {
  await move(desk, dfid, {
    step: 'close',
    from: 'EXECUTED',
    to: 'CLOSED',
    event: 'closed',
    details: {},
    also: (batch) => releaseCapital(batch, dfid, 'close'),
  })
}

async function amountOf(desk: Desk, dfid: string): Promise<number> {
  return parseSession(await desk.storage.context.getSession(dfid)).amount
}

function isNoRoom(error: unknown): error is InsufficientCapacityError {
  return isStorageError(error) && error.code === 'STORAGE_INSUFFICIENT_CAPACITY'
}
