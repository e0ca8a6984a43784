import type { Bar } from './market.ts'

/** What an agent may do; stored with it in the registry, and read from there by the checks. */
export interface Contract {
  readonly maxAmount: number
  /** Larger trades go to the reviewer first. */
  readonly escalateAbove: number
  readonly escalationsPerHour: number
}

export interface Agent {
  readonly id: string
  readonly contract: Contract
  /** How many days a position is held. */
  readonly holdDays: number
  /** The legs of its orders; one that fails after the first leaves the order half done. */
  readonly legs: readonly string[]
  /** How many dollars it wants to put in on such a day, or null. */
  readonly wants: (bar: Bar) => number | null
}

/** One trade that an agent proposes: one flow. */
export interface Proposal {
  readonly dfid: string
  readonly agent: Agent
  readonly bar: Bar
  readonly amount: number
  /** How many times its order is offered for execution, at the same time. */
  readonly offers: number
}

export const AGENTS: readonly Agent[] = [
  {
    id: 'breakout',
    contract: { maxAmount: 50_000, escalateAbove: 60_000, escalationsPerHour: 0 },
    holdDays: 6,
    legs: ['entry'],
    wants: (bar) => (bar.isNewHigh ? 40_000 : null),
  },
  {
    id: 'momentum',
    contract: { maxAmount: 120_000, escalateAbove: 60_000, escalationsPerHour: 10 },
    holdDays: 3,
    legs: ['entry'],
    wants: ({ changePct }) => (changePct > 0.8 ? Math.round(changePct * 35_000) : null),
  },
  {
    id: 'rebalance',
    contract: { maxAmount: 150_000, escalateAbove: 80_000, escalationsPerHour: 12 },
    holdDays: 8,
    legs: ['entry'],
    wants: (bar) => (bar.isFirstOfMonth ? 90_000 : null),
  },
  {
    id: 'reversion',
    contract: { maxAmount: 100_000, escalateAbove: 70_000, escalationsPerHour: 10 },
    holdDays: 4,
    legs: ['entry', 'hedge'],
    wants: ({ changePct }) => (changePct < -1 ? Math.round(-changePct * 30_000) : null),
  },
]

/** The agent that is suspended half-way through the run. */
export const SUSPENDED = 'breakout'

/** What all flows together may have at work, by resource. */
export const CAPACITIES: Readonly<Record<string, number>> = {
  cash: 150_000,
  'book:breakout': 120_000,
  'book:momentum': 120_000,
  'book:rebalance': 150_000,
  'book:reversion': 120_000,
}

/** What is proposed on one day, in a fixed order: the same days always give the same proposals. */
export function proposalsOf(bar: Bar): Proposal[] {
  return AGENTS.flatMap((agent) => {
    const amount = agent.wants(bar)
    if (amount === null) return []
    // a careless upstream: every other day, orders of one leg arrive twice
    const offers = agent.legs.length === 1 && bar.index % 2 === 0 ? 2 : 1
    return [{ dfid: `${bar.date}/${agent.id}`, agent, bar, amount, offers }]
  })
}
