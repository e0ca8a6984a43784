import { type AgentInput, dumpsJsonDict, loadsJson } from '@dir/storage-core'
import { compareIds } from '@dir/storage-core/adapter'
import fc from 'fast-check'
import { Hole, Refusal } from './expected.ts'
import { ID, JSON_TEXT, type Method, OBJECT, TEXT, method, nullable, ref, validId } from './method.ts'
import { BRIEF, type ModelEffect, type ModelState, stamp } from './state.ts'

const parsed = (json: string): unknown => loadsJson(json, { lossless: true })
const nothing: ModelEffect = { resultJson: null, requestHash: null, createdAt: null, claim: null }
const COUNT = fc.oneof(fc.nat(5), fc.constantFrom(2_147_483_646, 2_147_483_647))

const AGENT: fc.Arbitrary<AgentInput> = fc.record({
  agentId: ID.filter(validId),
  contractJson: JSON_TEXT,
  priority: fc.constantFrom(-2_147_483_648, -1, 0, 7),
  status: TEXT,
  agentVersion: nullable(TEXT),
  sessionToken: nullable(ID.filter(validId)),
})

const agentRegistry: readonly Method[] = [
  method('agentRegistry', 'upsertAgent', null, [], [AGENT], (state, { agentId, ...agent }) => {
    const { suspensionReason = null, registeredAt = stamp(state) } = state.agents.get(agentId) ?? {}
    state.agents.set(agentId, { ...agent, suspensionReason, registeredAt, updatedAt: stamp(state) })
    return undefined
  }),
  method('agentRegistry', 'getAgent', null, ['agentId'], [ID], (state, agentId) => {
    const agent = state.agents.get(agentId)
    if (agent === undefined) return null
    const { contractJson, suspensionReason: _, registeredAt: __, updatedAt: ___, ...rest } = agent
    return { agentId, contract: parsed(contractJson), ...rest }
  }),
  method(
    'agentRegistry',
    'updateStatus',
    null,
    ['agentId', null, null],
    [ID, TEXT, nullable(TEXT)],
    (state, agentId, status, suspensionReason) => {
      const agent = state.agents.get(agentId)
      if (agent !== undefined)
        state.agents.set(agentId, { ...agent, status, suspensionReason, updatedAt: stamp(state) })
      return agent !== undefined
    },
  ),
  method('agentRegistry', 'getStatus', null, ['agentId'], [ID], (state, agentId) => {
    const agent = state.agents.get(agentId)
    return agent === undefined ? null : { status: agent.status, suspensionReason: agent.suspensionReason }
  }),
  method('agentRegistry', 'listActiveAgents', null, [], [], ({ agents }) =>
    [...agents].flatMap(([id, { status }]) => (status === 'ACTIVE' ? [id] : [])).sort(compareIds),
  ),
]

const context: readonly Method[] = (['session', 'state'] as const).flatMap((kind) => {
  const name = kind === 'session' ? 'Session' : 'State'
  const ids = [kind === 'session' ? 'dfid' : 'agentId']
  return [
    method('context', `get${name}`, null, ids, [ID], (state, id) => state[kind].get(id)?.json ?? null),
    method(
      'context',
      `set${name}`,
      null,
      ids,
      [ID, JSON_TEXT],
      (state, id, json) => void state[kind].set(id, { json, updatedAt: stamp(state) }),
    ),
    method(
      'context',
      `compareAndSet${name}`,
      'compareAndSet',
      ids,
      [ID, nullable(JSON_TEXT), JSON_TEXT],
      (state, id, expected, json) => {
        if ((state[kind].get(id)?.json ?? null) !== expected) return false
        state[kind].set(id, { json, updatedAt: stamp(state) })
        return true
      },
    ),
  ]
})

function claim(
  state: ModelState,
  key: string,
  { leaseSec, requestHash = null }: { leaseSec: number; requestHash?: string | null },
): unknown {
  const effect = state.effects.get(key) ?? nothing
  if (effect.requestHash !== null && requestHash !== null && effect.requestHash !== requestHash)
    return { state: 'mismatch' }
  if (effect.resultJson !== null) return { state: 'replay', result: parsed(effect.resultJson) }
  if (effect.claim !== null) {
    const { isOver, since, until, number: before } = effect.claim
    return isOver
      ? { state: 'ambiguous', since, token: new Hole('token', before) }
      : { state: 'inFlight', until }
  }
  const number = state.claims++
  const current = { number, since: stamp(state), until: stamp(state), isOver: leaseSec === BRIEF }
  state.effects.set(key, { ...nothing, requestHash, claim: current })
  return { state: 'started', token: new Hole('token', number) }
}

const holds = ({ effects }: ModelState, key: string, token: unknown): boolean =>
  effects.get(key)?.claim?.number === Number(token)

const CLAIM: fc.Arbitrary<{ leaseSec: number; requestHash?: string }> = fc.record(
  { leaseSec: fc.constantFrom(1000, 1000, BRIEF), requestHash: fc.constantFrom('x', 'X', 'x ', '') },
  { requiredKeys: ['leaseSec'] },
)

const idempotency: readonly Method[] = [
  method('idempotency', 'get', null, ['key'], [ID], ({ effects }, key) => {
    const json = effects.get(key)?.resultJson ?? null
    return json === null ? null : parsed(json)
  }),
  method('idempotency', 'set', null, ['key'], [ID, OBJECT], (state, key, result) => {
    state.effects.set(key, { ...nothing, resultJson: dumpsJsonDict(result), createdAt: stamp(state) })
    return undefined
  }),
  method('idempotency', 'setIfAbsent', 'setIfAbsent', ['key'], [ID, OBJECT], (state, key, result) => {
    const standing = state.effects.get(key)?.resultJson ?? null
    const resultJson = standing ?? dumpsJsonDict(result)
    if (standing === null) state.effects.set(key, { ...nothing, resultJson, createdAt: stamp(state) })
    return { stored: standing === null, result: parsed(resultJson) }
  }),
  method('idempotency', 'claim', 'claim', ['key'], [ID, CLAIM], claim),
  method(
    'idempotency',
    'complete',
    'claim',
    ['key'],
    [ID, ref('token'), OBJECT],
    (state, key, token, result) => {
      if (!holds(state, key, token)) return false
      const { requestHash } = state.effects.get(key) ?? nothing
      const resultJson = dumpsJsonDict(result)
      state.effects.set(key, { resultJson, requestHash, createdAt: stamp(state), claim: null })
      return true
    },
  ),
  method('idempotency', 'abandon', 'claim', ['key'], [ID, ref('token')], (state, key, token) => {
    return holds(state, key, token) && state.effects.delete(key)
  }),
]

const saga: readonly Method[] = [
  method('saga', 'markDirty', null, ['dfid'], [ID, TEXT, JSON_TEXT], (state, dfid, failedStep, json) => {
    state.marks.delete(dfid)
    state.marks.set(dfid, { failedStep, json, createdAt: stamp(state) })
    return undefined
  }),
  method('saga', 'getDirtyFlows', null, [], [], ({ marks }) => [...marks.keys()]),
  method('saga', 'getDirtyState', null, ['dfid'], [ID], ({ marks }, dfid) => {
    const mark = marks.get(dfid)
    return mark === undefined ? null : { failedStep: mark.failedStep, partialState: parsed(mark.json) }
  }),
  method('saga', 'clearDirty', null, ['dfid'], [ID], ({ marks }, dfid) => void marks.delete(dfid)),
]

const intentRetry: readonly Method[] = [
  method('intentRetry', 'getCount', null, ['dfid'], [ID], ({ counts }, dfid) => counts.get(dfid)?.count ?? 0),
  method(
    'intentRetry',
    'setCount',
    null,
    ['dfid'],
    [ID, COUNT],
    (state, dfid, count) => void state.counts.set(dfid, { count, updatedAt: stamp(state) }),
  ),
  method('intentRetry', 'delete', null, ['dfid'], [ID], ({ counts }, dfid) => void counts.delete(dfid)),
  method('intentRetry', 'increment', 'increment', ['dfid'], [ID], (state, dfid) => {
    const count = (state.counts.get(dfid)?.count ?? 0) + 1
    if (count > 2_147_483_647) return new Refusal('STORAGE_INVALID_ARGUMENT', { argument: 'count' })
    state.counts.set(dfid, { count, updatedAt: stamp(state) })
    return count
  }),
]

export const RECORDS: readonly Method[] = [
  ...agentRegistry,
  ...context,
  ...idempotency,
  ...saga,
  ...intentRetry,
]
