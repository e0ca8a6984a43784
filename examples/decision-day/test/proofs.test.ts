import { beforeAll, describe, expect, it } from 'vitest'
import { proposalsOf } from '../src/agents.ts'
import { runDays } from '../src/day.ts'
import { finish } from '../src/finish.ts'
import { loadBars } from '../src/market.ts'
import { prove } from '../src/proofs.ts'
import { type ReadBack, digestOf, readBack } from '../src/read-back.ts'
import { registerAgents } from '../src/roster.ts'
import { withDesk } from './desk.ts'

const bars = loadBars().slice(0, 150)
let run: ReadBack

/** Which proofs fail on `changed`, by their first words. */
function failing(changed: Partial<ReadBack>): string[] {
  const proofs = prove({ ...run, ...changed }, bars.flatMap(proposalsOf))
  return proofs.filter(({ holds }) => !holds).map(({ title }) => title.split(' ').slice(0, 2).join(' '))
}

beforeAll(() =>
  withDesk(async (desk) => {
    await registerAgents(desk)
    await runDays(desk, bars, () => {})
    await finish(desk, bars)
    run = await readBack(desk.storage, desk.trace)
  }),
)

describe('a proof', () => {
  it('holds on what a run leaves', () => expect(failing({})).toEqual([]))

  it('fails on a flow that ended twice, not at all, stayed dirty, or before the reviewer', () => {
    const end = run.transitions.filter(({ toStatus }) => toStatus === 'REFUSED').slice(0, 1)
    expect(end).toHaveLength(1)
    expect(failing({ transitions: [...run.transitions, ...end] })).toEqual(['every flow'])
    expect(failing({ transitions: run.transitions.filter((one) => one !== end[0]) })).toContain('every flow')
    expect(failing({ dirtyFlows: 1 })).toEqual(['every flow'])
    expect(failing({ pendingRequests: 1 })).toEqual(['every flow'])
  })

  it('fails on an effect that happened twice, is missing, or belongs to no flow', () => {
    const first = run.effects.slice(0, 1)
    expect(failing({ effects: [...run.effects, ...first] })).toEqual(['no effect'])
    expect(failing({ effects: run.effects.slice(1) })).toEqual(['no effect'])
    const stranger = first.map((effect) => ({ ...effect, dfid: 'stranger' }))
    expect(failing({ effects: [...run.effects, ...stranger] })).toEqual(['no effect'])
  })

  it('fails on capital above capacity at any moment, or never released', () => {
    const late = run.events.filter(({ event }) => event !== 'capital_released')
    const released = run.events.filter(({ event }) => event === 'capital_released')
    expect(failing({ events: [...late, ...released] })).toEqual(['capital, replayed'])
    expect(failing({ events: run.events.filter((one) => one !== released.at(-1)) })).toEqual([
      'capital, replayed',
    ])
    expect(failing({ holds: 1 })).toEqual(['capital, replayed'])
  })

  it('fails on more escalations in one hour than the limit, and not on more in two', () => {
    const at = (minute: number) => ({
      type: 'budgetToken' as const,
      agentId: 'momentum',
      createdAt: `2020-01-01T${String(10 + Math.floor(minute / 60))}:${String(minute % 60).padStart(2, '0')}:00.000000Z`,
    })
    const minutes = Array.from({ length: 11 }, (_, index) => index)
    expect(failing({ tokens: minutes.map((index) => at(index * 6)) })).toEqual(['escalation budget'])
    expect(failing({ tokens: minutes.map((index) => at(index * 6 + (index === 10 ? 1 : 0))) })).toEqual([])
  })

  it('fails on a lost rejection and on a lost finding', () => {
    const [dfid = '', counted] = [...run.retryCounts].find(([, { count }]) => count > 1) ?? []
    if (counted === undefined) throw new Error('no flow was rejected twice')
    const retryCounts = new Map([...run.retryCounts, [dfid, { ...counted, count: counted.count - 1 }]])
    expect(failing({ retryCounts })).toEqual(['no rejection'])
    const sessions = new Map([...run.sessions, [dfid, { amount: 1, findings: { contract: { 1: 'ok' } } }]])
    expect(failing({ sessions })).toEqual(['no rejection'])
  })

  it('fails on a suspended agent that was let in', () => {
    const suspension = run.events.filter(({ event }) => event === 'agent_suspended')
    const early = suspension.map((event) => ({ ...event, seq: 0 }))
    const others = run.events.filter(({ event }) => event !== 'agent_suspended')
    expect(failing({ events: [...early, ...others] })).toEqual(['breakout refused'])
    expect(failing({ events: others })).toEqual(['breakout refused'])
  })
})

describe('the digest', () => {
  it('changes with any field of an event but its number and time', () => {
    const [first, ...rest] = run.events
    if (first === undefined) throw new Error('no events')
    const digest = digestOf(run.events)
    const same = { ...first, seq: 99, timestamp: '2001-01-01T00:00:00.000000Z' }
    expect(digestOf([same, ...rest])).toBe(digest)
    const others = [
      { ...first, dfid: 'x' },
      { ...first, event: 'x' },
      { ...first, stepId: 'x' },
      { ...first, state: 'x' },
      { ...first, details: { x: 1 } },
    ].map((event) => digestOf([event, ...rest]))
    expect(new Set([digest, ...others, digestOf(rest)]).size).toBe(7)
  })
})
