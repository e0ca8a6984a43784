import { type Micros, microsOf, toMicros } from '@dir/storage-core/adapter'
import { AGENTS, CAPACITIES, type Proposal, SUSPENDED } from './agents.ts'
import { ENDS } from './desk.ts'
import type { ReadBack } from './read-back.ts'

/** Something that must hold after every run, checked on what was read back. */
export interface Proof {
  readonly holds: boolean
  readonly title: string
  readonly found: string
  /** Which race was lost if it does not hold. */
  readonly race: string
}

const HOUR_MICROS = 3_600_000_000

export function prove(run: ReadBack, proposals: readonly Proposal[]): Proof[] {
  return [
    endedOnce(run, proposals),
    effectsOnce(run, proposals),
    capitalWithinCapacity(run),
    budgetWithinLimit(run),
    nothingLost(run),
    suspendedRefused(run),
  ]
}

function endedOnce(
  { transitions, dirtyFlows, pendingRequests }: ReadBack,
  proposals: readonly Proposal[],
): Proof {
  const ends = countBy(transitions.filter(({ toStatus }) => ENDS.includes(toStatus)).map(({ dfid }) => dfid))
  const wrong = proposals.filter(({ dfid }) => ends.get(dfid) !== 1).length
  const strangers = ends.size - proposals.filter(({ dfid }) => ends.has(dfid)).length
  return {
    holds: wrong + strangers + dirtyFlows + pendingRequests === 0,
    title: 'every flow ended exactly once: executed, refused or compensated',
    found: `${proposals.length - wrong} of ${proposals.length}, ${dirtyFlows} left dirty, ${pendingRequests} left before the reviewer`,
    race: 'two writers moved one flow on from the same status (read the status, then record a transition)',
  }
}

/** What the trace must hold follows from how each flow ended. */
function effectsOnce({ effects, transitions }: ReadBack, proposals: readonly Proposal[]): Proof {
  const times = countBy(effects.map(({ dfid, step }) => `${dfid} ${step}`))
  const reached = new Set(transitions.map(({ dfid, toStatus }) => `${dfid} ${toStatus}`))
  const expected = proposals.flatMap(({ dfid, agent }) => {
    if (reached.has(`${dfid} EXECUTED`)) return agent.legs.map((leg) => `${dfid} place:${leg}`)
    return reached.has(`${dfid} COMPENSATED`) ? [`${dfid} place:entry`, `${dfid} reverse:entry`] : []
  })
  const twice = [...times.values()].filter((count) => count > 1).length
  const missing = expected.filter((effect) => !times.has(effect)).length
  const unexpected = times.size - (expected.length - missing)
  return {
    holds: twice + missing + unexpected === 0,
    title: 'no effect twice in the trace, none missing, none without its flow',
    found: `${effects.length} lines for ${expected.length} effects; ${twice} twice, ${missing} missing, ${unexpected} without a flow`,
    race: 'two offers of one order both read "no result yet" and both executed it (get, execute, set)',
  }
}

/** Replays reservations and releases in the order of `seq`. */
function capitalWithinCapacity({ events, holds }: ReadBack): Proof {
  const held = new Map<string, Readonly<Record<string, number>>>()
  const used = new Map<string, Micros>()
  const most = new Map<string, Micros>()
  for (const { dfid, event, details } of events) {
    if (event === 'capital_reserved') {
      const resources = details?.['resources'] as Record<string, number>
      held.set(dfid, resources)
      for (const [resource, amount] of Object.entries(resources)) {
        const sum = (used.get(resource) ?? 0) + toMicros(amount)
        used.set(resource, sum)
        most.set(resource, Math.max(sum, most.get(resource) ?? 0))
      }
    } else if (event === 'capital_released') {
      for (const [resource, amount] of Object.entries(held.get(dfid) ?? {}))
        used.set(resource, (used.get(resource) ?? 0) - toMicros(amount))
      held.delete(dfid)
    }
  }
  const above = [...most].filter(([resource, sum]) => sum > toMicros(CAPACITIES[resource] ?? 0))
  const most$ = dollars((most.get('cash') ?? 0) / 1e6)
  return {
    holds: above.length + holds + held.size === 0,
    title: 'capital, replayed from the audit log, never above capacity, and all of it free again',
    found: `at most ${most$} of ${dollars(CAPACITIES['cash'] ?? 0)} in use, ${above.map(([id]) => id).join(', ') || 'no resource'} above, ${holds} holds left`,
    race: 'two reservations both saw the same room and both took it (getLockedAmount, compare, acquireBatch)',
  }
}

function budgetWithinLimit({ tokens }: ReadBack): Proof {
  const perAgent = AGENTS.map(({ id, contract }) => {
    const times = tokens.filter(({ agentId }) => agentId === id).map(({ createdAt }) => microsOf(createdAt))
    return { id, limit: contract.escalationsPerHour, most: mostInAnHour(times.sort((a, b) => a - b)) }
  })
  return {
    holds: perAgent.every(({ most, limit }) => most <= limit),
    title: 'escalation budget never above its limit in any hour',
    found: perAgent.map(({ id, limit, most }) => `${id} ${most} of ${limit}`).join(', '),
    race: 'two large trades both saw budget left and both spent it (getWindowCount, recordBudgetToken)',
  }
}

function mostInAnHour(times: readonly number[]): number {
  let first = 0
  return times.reduce((most, time, last) => {
    while ((times[first] ?? time) < time - HOUR_MICROS) first++
    return Math.max(most, last - first + 1)
  }, 0)
}

function nothingLost({ events, retryCounts, sessions }: ReadBack): Proof {
  const rejections = countBy(events.filter(({ event }) => event === 'rejected').map(({ dfid }) => dfid))
  const dfids = new Set([...rejections.keys(), ...retryCounts.keys()])
  const miscounted = [...dfids].filter((dfid) => retryCounts.get(dfid)?.count !== rejections.get(dfid)).length
  // both checks look at every amount, so both must have left a finding on it
  const incomplete = [...sessions.values()].filter(({ findings }) => {
    const [contract, market] = [findings['contract'] ?? {}, findings['market'] ?? {}]
    return Object.keys(contract).join() !== Object.keys(market).join()
  }).length
  return {
    holds: miscounted + incomplete === 0,
    title: 'no rejection and no finding of a check lost',
    found: `${miscounted} flows miscounted, ${incomplete} without a finding`,
    race: 'two checks changed the same count or session and one change is gone (getCount, setCount; getSession, setSession)',
  }
}

function suspendedRefused({ events, transitions }: ReadBack): Proof {
  const since = events.find(({ event }) => event === 'agent_suspended')?.seq ?? Infinity
  const later = events.filter(
    ({ event, seq, details }) => event === 'proposed' && seq > since && details?.['agent'] === SUSPENDED,
  )
  const refused = new Set(
    transitions.filter(({ toStatus }) => toStatus === 'REFUSED').map(({ dfid }) => dfid),
  )
  const passed = later.filter(({ dfid }) => !refused.has(dfid)).length
  return {
    holds: passed === 0 && since !== Infinity,
    title: `${SUSPENDED} refused from its suspension on`,
    found: `${later.length} proposals after it, ${passed} of them not refused`,
    race: 'a proposal was let in by the agent’s status before its suspension',
  }
}

function countBy(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}

function dollars(amount: number): string {
  return amount.toLocaleString('en-US')
}
