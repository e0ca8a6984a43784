import { type AgentInput, compareIds, dumpsJsonDict, loadsJson } from '@dir/storage-core'
import fc from 'fast-check'
import { Hole, Refusal, time } from './expected.ts'
import { ID, JSON_TEXT, type Method, OBJECT, TEXT, method, nullable, ref, validId } from './method.ts'
import type { ModelEffect, ModelState } from './state.ts'

const parsed = (json: string): unknown => loadsJson(json, { lossless: true })
const nothing: ModelEffect = { resultJson: null, requestHash: null, claim: null }
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
    const suspensionReason = state.agents.get(agentId)?.suspensionReason ?? null
    state.agents.set(agentId, { ...agent, suspensionReason })
    return undefined
  }),
  method('agentRegistry', 'getAgent', null, ['agentId'], [ID], (state, agentId) => {
    const agent = state.agents.get(agentId)
    if (agent === undefined) return null
    const { contractJson, suspensionReason: _, ...rest } = agent
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
      if (agent !== undefined) state.agents.set(agentId, { ...agent, status, suspensionReason })
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
    method('context', `get${name}`, null, ids, [ID], (state, id) => state[kind].get(id) ?? null),
    method(
      'context',
      `set${name}`,
      null,
      ids,
      [ID, JSON_TEXT],
      (state, id, json) => void state[kind].set(id, json),
    ),
    method(
      'context',
      `compareAndSet${name}`,
      'compareAndSet',
      ids,
      [ID, nullable(JSON_TEXT), JSON_TEXT],
      (state, id, expected, json) => {
        if ((state[kind].get(id) ?? null) !== expected) return false
        state[kind].set(id, json)
        return true
      },
    ),
  ]
})

function claim(state: ModelState, key: string, requestHash: string | null): unknown {
  const effect = state.effects.get(key) ?? nothing
  if (effect.requestHash !== null && requestHash !== null && effect.requestHash !== requestHash)
    return { state: 'mismatch' }
  if (effect.resultJson !== null) return { state: 'replay', result: parsed(effect.resultJson) }
  if (effect.claim !== null) return { state: 'inFlight', until: time }
  state.effects.set(key, { resultJson: null, requestHash, claim: state.claims })
  return { state: 'started', token: new Hole('token', state.claims++) }
}

const idempotency: readonly Method[] = [
  method('idempotency', 'get', null, ['key'], [ID], ({ effects }, key) => {
    const json = effects.get(key)?.resultJson ?? null
    return json === null ? null : parsed(json)
  }),
  method('idempotency', 'set', null, ['key'], [ID, OBJECT], ({ effects }, key, result) => {
    effects.set(key, { ...nothing, resultJson: dumpsJsonDict(result) })
    return undefined
  }),
  method('idempotency', 'setIfAbsent', 'setIfAbsent', ['key'], [ID, OBJECT], ({ effects }, key, result) => {
    const standing = effects.get(key)?.resultJson ?? null
    const resultJson = standing ?? dumpsJsonDict(result)
    if (standing === null) effects.set(key, { ...nothing, resultJson })
    return { stored: standing === null, result: parsed(resultJson) }
  }),
  method(
    'idempotency',
    'claim',
    'claim',
    ['key'],
    [
      ID,
      fc.constantFrom(
        { leaseSec: 1000 },
        { leaseSec: 1000, requestHash: 'x' },
        { leaseSec: 1000, requestHash: 'y' },
      ),
    ],
    (state, key, options) => claim(state, key, 'requestHash' in options ? options.requestHash : null),
  ),
  method(
    'idempotency',
    'complete',
    'claim',
    ['key'],
    [ID, ref('token'), OBJECT],
    ({ effects }, key, token, result) => {
      const effect = effects.get(key) ?? nothing
      if (effect.claim === null || effect.claim !== Number(token)) return false
      effects.set(key, { ...effect, claim: null, resultJson: dumpsJsonDict(result) })
      return true
    },
  ),
  method('idempotency', 'abandon', 'claim', ['key'], [ID, ref('token')], ({ effects }, key, token) => {
    const { claim: current } = effects.get(key) ?? nothing
    return current !== null && current === Number(token) && effects.delete(key)
  }),
]

const saga: readonly Method[] = [
  method('saga', 'markDirty', null, ['dfid'], [ID, TEXT, JSON_TEXT], ({ marks }, dfid, failedStep, json) => {
    marks.delete(dfid)
    marks.set(dfid, { failedStep, json })
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
  method('intentRetry', 'getCount', null, ['dfid'], [ID], ({ counts }, dfid) => counts.get(dfid) ?? 0),
  method(
    'intentRetry',
    'setCount',
    null,
    ['dfid'],
    [ID, COUNT],
    ({ counts }, dfid, count) => void counts.set(dfid, count),
  ),
  method('intentRetry', 'delete', null, ['dfid'], [ID], ({ counts }, dfid) => void counts.delete(dfid)),
  method('intentRetry', 'increment', 'increment', ['dfid'], [ID], ({ counts }, dfid) => {
    const count = (counts.get(dfid) ?? 0) + 1
    if (count > 2_147_483_647) return new Refusal('STORAGE_INVALID_ARGUMENT', { argument: 'count' })
    counts.set(dfid, count)
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
