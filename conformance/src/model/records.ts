import { type AgentInput, loadsJson } from '@dir/storage-core'
import { compareIds } from '@dir/storage-core/adapter'
import fc from 'fast-check'
import { EFFECTS } from './effects.ts'
import { Refusal } from './expected.ts'
import { ID, JSON_TEXT, type Method, TEXT, method, nullable, validId } from './method.ts'
import { stamp } from './state.ts'

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
    const { suspensionReason: _, registeredAt: __, updatedAt: ___, ...rest } = agent
    return { agentId, contract: loadsJson(agent.contractJson), ...rest }
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
  method(
    'agentRegistry',
    'listAgents',
    null,
    [],
    [fc.record({ status: TEXT }, { requiredKeys: [] })],
    ({ agents }, { status }) =>
      [...agents]
        .filter(([, agent]) => status === undefined || agent.status === status)
        .sort(([one], [other]) => compareIds(one, other))
        .map(([agentId, agent]) => ({ agentId, contract: loadsJson(agent.contractJson), ...agent })),
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

const saga: readonly Method[] = [
  method('saga', 'markDirty', null, ['dfid'], [ID, TEXT, JSON_TEXT], (state, dfid, failedStep, json) => {
    state.marks.delete(dfid)
    state.marks.set(dfid, { failedStep, json, createdAt: stamp(state) })
    return undefined
  }),
  method('saga', 'getDirtyFlows', null, [], [], ({ marks }) => [...marks.keys()]),
  method('saga', 'getDirtyState', null, ['dfid'], [ID], ({ marks }, dfid) => {
    const mark = marks.get(dfid)
    if (mark === undefined) return null
    const { failedStep, json } = mark
    return { failedStep, partialState: loadsJson(json), partialStateJson: json }
  }),
  method('saga', 'clearDirty', null, ['dfid'], [ID], ({ marks }, dfid) => void marks.delete(dfid)),
  method('saga', 'listDirtyFlows', null, [], [], ({ marks }) =>
    [...marks].map(([dfid, { failedStep, json, createdAt }]) => {
      return { dfid, failedStep, partialState: loadsJson(json), partialStateJson: json, markedAt: createdAt }
    }),
  ),
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

export const RECORDS: readonly Method[] = [...agentRegistry, ...context, ...EFFECTS, ...saga, ...intentRetry]
