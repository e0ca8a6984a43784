import { compareIds } from '@dir/storage-core/adapter'
import { Hole, time } from './expected.ts'
import { holdRecord } from './locks.ts'
import type { ModelEffect, ModelState } from './state.ts'

/** What the canonical form says of the counters, which may be ahead of what is stored. */
const COUNTERS = { type: 'counters', seq: 0, fence: 0 }

/** Records in an order of their own where the contract leaves it open: those of a type side by side, by id. */
export function inOrder(records: readonly object[]): object[] {
  const groups = new Map<string, Readonly<Record<string, unknown>>[]>()
  for (const record of records as readonly Readonly<Record<string, unknown>>[]) {
    const type = String(record['type'])
    const isCounters = type === 'counters'
    const group = groups.get(type) ?? []
    groups.set(type, group)
    group.push(
      isCounters ? { ...record, seq: typeOf(record['seq']), fence: typeOf(record['fence']) } : record,
    )
  }
  return [...groups].flatMap(([type, group]) => {
    const ids = IDS[type]
    if (ids === undefined) return group
    const key = (record: (typeof group)[number]): string => JSON.stringify(ids.map((id) => record[id]))
    return group.toSorted((a, b) => compareIds(key(a), key(b)))
  })
}

const typeOf = (value: unknown): string => `a ${typeof value}`

/** Which members name a record, for the types whose order is open. */
const IDS: Readonly<Record<string, readonly string[]>> = {
  agent: ['agentId'],
  session: ['id'],
  state: ['id'],
  idempotency: ['key'],
  hold: ['dfid', 'resourceId'],
  retryCount: ['dfid'],
  budgetToken: ['agentId'],
}

const effectRecord = ([key, effect]: [string, ModelEffect]) => {
  const { resultJson, requestHash, createdAt, claim, dfid, stepId } = effect
  const work = { ...(dfid === null ? {} : { dfid }), ...(stepId === null ? {} : { stepId }) }
  return {
    type: 'idempotency',
    key,
    resultJson,
    requestHash,
    createdAt,
    claimedAt: claim?.since ?? null,
    ...work,
  }
}

/** What an export of the state holds, in the order of `inOrder`. */
export function recordsOf(state: ModelState): object[] {
  const texts = (type: 'session' | 'state') =>
    [...state[type]].map(([id, { json, updatedAt }]) => ({ type, id, dataJson: json, updatedAt }))
  const records = [
    ...[...state.agents].map(([agentId, agent]) => ({ type: 'agent', agentId, ...agent })),
    ...texts('session'),
    ...texts('state'),
    ...[...state.effects].map(effectRecord),
    ...state.events.map(({ agentId, ...event }, seq) => {
      return { type: 'event', seq: new Hole('seq', seq), ...event, ...(agentId === null ? {} : { agentId }) }
    }),
    ...[...state.marks].map(([dfid, { json, ...mark }]) => {
      return { type: 'dirtyFlow', dfid, partialStateJson: json, ...mark }
    }),
    ...state.holds.map((hold) => ({ type: 'hold', ...holdRecord(hold) })),
    ...[...state.counts].map(([dfid, count]) => ({ type: 'retryCount', dfid, ...count })),
    ...state.tokens.map((agentId) => ({ type: 'budgetToken', agentId, createdAt: time })),
    ...[...state.requests].map(([dfid, { resolvedBy, ...request }]) => {
      return {
        type: 'request',
        dfid,
        status: request.resolvedAt === null ? 'PENDING' : 'RESOLVED',
        ...request,
        ...(resolvedBy === null ? {} : { resolvedBy }),
      }
    }),
    ...state.transitions.map(({ from, to, ...rest }) => {
      return { type: 'transition', fromStatus: from, toStatus: to, ...rest }
    }),
  ]
  return inOrder([...records, { ...COUNTERS, records: records.length }])
}
