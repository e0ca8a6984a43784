import { dumpsJsonDict, loadsJson } from '@dir/storage-core'
import fc from 'fast-check'
import { Hole, time } from './expected.ts'
import {
  ID,
  JSON_TEXT,
  type Method,
  OBJECT,
  type Ref,
  TEXT,
  method,
  nullable,
  ref,
  validId,
} from './method.ts'
import type { ModelEvent, ModelRequest, ModelState } from './state.ts'

const parsed = (json: string): unknown => loadsJson(json, { lossless: true })
const SOME_ID = ID.filter(validId)

const toEvent = (event: ModelEvent, index: number): unknown => {
  const { detailsJson, ...rest } = event
  return { seq: new Hole('seq', index), ...rest, timestamp: time, details: parsed(detailsJson) }
}

function recorded(
  state: ModelState,
  dfid: string,
  event: string,
  details: Readonly<Record<string, unknown>>,
): Hole {
  const detailsJson = dumpsJsonDict((details['details'] ?? {}) as object)
  const { stepId = '', state: at = '' } = details as { stepId?: string; state?: string }
  return new Hole('seq', state.events.push({ dfid, event, stepId, state: at, detailsJson }) - 1)
}

const DETAILS = fc.record({ stepId: TEXT, state: TEXT, details: nullable(OBJECT) }, { requiredKeys: [] })
const EVENT = fc.record(
  { dfid: SOME_ID, event: TEXT, details: nullable(OBJECT) },
  { requiredKeys: ['dfid', 'event'] },
)

const decisionAudit: readonly Method[] = [
  method('decisionAudit', 'record', null, ['dfid'], [ID, TEXT, DETAILS], recorded),
  method(
    'decisionAudit',
    'recordMany',
    'recordMany',
    [],
    [fc.array(EVENT, { maxLength: 4 })],
    (state, events) => events.map((one) => recorded(state, one.dfid, one.event, one)),
  ),
  method('decisionAudit', 'eventsForDfid', null, ['dfid'], [ID], ({ events }, dfid) =>
    events.flatMap((one, index) => (one.dfid === dfid ? [toEvent(one, index)] : [])),
  ),
  method('decisionAudit', 'allEventsChronological', null, [], [], ({ events }) => events.map(toEvent)),
  method(
    'decisionAudit',
    'events',
    'eventCursor',
    [],
    [
      fc.record(
        { afterSeq: ref('seq') as fc.Arbitrary<Ref | number>, event: TEXT, limit: fc.nat(3) },
        { requiredKeys: [] },
      ),
    ],
    ({ events }, { afterSeq = -1, event, limit }) =>
      events
        .flatMap((one, index) =>
          index > Number(afterSeq) && (event ?? one.event) === one.event ? [toEvent(one, index)] : [],
        )
        .slice(0, limit),
  ),
]

const REQUEST = fc.record({
  dfid: SOME_ID,
  agentId: fc.constantFrom('a', 'b'),
  reason: TEXT,
  contextJson: JSON_TEXT,
  proposalJson: JSON_TEXT,
  impact: TEXT,
})

function insert(
  { requests }: ModelState,
  { dfid, ...request }: Omit<ModelRequest, 'pending'> & { dfid: string },
): void {
  requests.delete(dfid)
  requests.set(dfid, { ...request, pending: true })
}

function consume({ tokens }: ModelState, agentId: string, limit: number): { granted: boolean; used: number } {
  const used = tokens.filter((one) => one === agentId).length
  if (used < limit) tokens.push(agentId)
  return used < limit ? { granted: true, used: used + 1 } : { granted: false, used }
}

const BUDGET = fc.nat(4).map((limit) => ({ limit, windowSec: 100_000 }))

const escalation: readonly Method[] = [
  method(
    'escalation',
    'getWindowCount',
    null,
    ['agentId'],
    [ID, fc.constantFrom('2000-01-01', '2000-01-01T00:00:00+02:00', '9999-12-31 23:59:59')],
    ({ tokens }, agentId, since) =>
      since.startsWith('9') ? 0 : tokens.filter((one) => one === agentId).length,
  ),
  method(
    'escalation',
    'recordBudgetToken',
    null,
    ['agentId'],
    [ID],
    ({ tokens }, agentId) => void tokens.push(agentId),
  ),
  method('escalation', 'insertRequest', null, [], [REQUEST], insert),
  method(
    'escalation',
    'resolveRequest',
    null,
    ['dfid'],
    [ID, fc.constant('2026-03-01T09:30:00Z'), TEXT, nullable(JSON_TEXT)],
    ({ requests }, dfid, _at, _decision, _proposal) => {
      const request = requests.get(dfid)
      if (request?.pending !== true) return false
      requests.set(dfid, { ...request, pending: false })
      return true
    },
  ),
  method('escalation', 'getPendingRequests', null, [], [], ({ requests }) =>
    [...requests].flatMap(([dfid, { pending, contextJson, proposalJson, ...rest }]) =>
      pending
        ? [{ dfid, ...rest, context: parsed(contextJson), proposal: parsed(proposalJson), createdAt: time }]
        : [],
    ),
  ),
  method('escalation', 'tryConsumeBudget', 'budget', ['agentId'], [ID, BUDGET], (state, agentId, { limit }) =>
    consume(state, agentId, limit),
  ),
  method(
    'escalation',
    'requestWithinBudget',
    'budget',
    [],
    [REQUEST, BUDGET],
    (state, request, { limit }) => {
      const answer = consume(state, request.agentId, limit)
      if (answer.granted) insert(state, request)
      return answer
    },
  ),
]

const statusOf = ({ transitions }: ModelState, dfid: string): string | null =>
  transitions.findLast((one) => one.dfid === dfid)?.to ?? null

const lifecycle: readonly Method[] = [
  method(
    'lifecycle',
    'recordTransition',
    null,
    ['dfid'],
    [ID, nullable(TEXT), TEXT],
    ({ transitions }, dfid, from, to) => void transitions.push({ dfid, from, to }),
  ),
  method('lifecycle', 'getTransitions', null, ['dfid'], [ID], ({ transitions }, dfid) =>
    transitions
      .filter((one) => one.dfid === dfid)
      .map(({ from, to }) => ({ dfid, fromStatus: from, toStatus: to, createdAt: time })),
  ),
  method('lifecycle', 'getTransitions', null, [], [], ({ transitions }) =>
    transitions.map(({ dfid, from, to }) => ({ dfid, fromStatus: from, toStatus: to, createdAt: time })),
  ),
  method('lifecycle', 'getCurrentStatus', null, ['dfid'], [ID], statusOf),
  method(
    'lifecycle',
    'transition',
    'transition',
    ['dfid'],
    [ID, nullable(TEXT), TEXT],
    (state, dfid, from, to) => {
      if (statusOf(state, dfid) !== from) return false
      state.transitions.push({ dfid, from, to })
      return true
    },
  ),
]

export const LOGS: readonly Method[] = [...decisionAudit, ...escalation, ...lifecycle]
