import { type EscalationRequest, type RequestStatus, loadsJson } from '@dir/storage-core'
import fc from 'fast-check'
import { ID, JSON_TEXT, type Method, TEXT, method, nullable, validId } from './method.ts'
import { BRIEF, type ModelRequest, type ModelState, stamp } from './state.ts'

const SOME_ID = ID.filter(validId)

const REQUEST = fc.record({
  dfid: SOME_ID,
  agentId: fc.constantFrom('a', 'b'),
  reason: TEXT,
  contextJson: JSON_TEXT,
  proposalJson: JSON_TEXT,
  impact: TEXT,
})

const UNDECIDED = { resolvedAt: null, decision: null, resolvedBy: null }

function insert(state: ModelState, { dfid, ...request }: EscalationRequest): void {
  state.requests.delete(dfid)
  state.requests.set(dfid, { ...request, createdAt: stamp(state), ...UNDECIDED })
}

/** As `getRequest` and `listRequests` show it. */
function shown(dfid: string, request: ModelRequest): object {
  return {
    dfid,
    ...request,
    status: request.resolvedAt === null ? 'PENDING' : 'RESOLVED',
    context: loadsJson(request.contextJson),
    proposal: loadsJson(request.proposalJson),
  }
}

interface Budget {
  readonly limit: number
  readonly windowSec: number
}

function consume(
  { tokens }: ModelState,
  agentId: string,
  { limit, windowSec }: Budget,
): { granted: boolean; used: number } {
  const used = windowSec === BRIEF ? 0 : tokens.filter((one) => one === agentId).length
  if (used < limit) tokens.push(agentId)
  return used < limit ? { granted: true, used: used + 1 } : { granted: false, used }
}

const BUDGET: fc.Arbitrary<Budget> = fc.record({
  limit: fc.nat(4),
  windowSec: fc.constantFrom(100_000, 100_000, 1e9, BRIEF),
})

const RESOLVED_AT = fc.constantFrom('2026-03-01T09:30:00Z', '2026-03-02T00:00:00')
/** The time is of no request: those that the model has not seen cannot be named. */
const RESOLUTION: fc.Arbitrary<{ createdAt?: string; resolvedBy?: string }> = fc.constantFrom(
  {},
  {},
  { resolvedBy: 'reviewer' },
  { resolvedBy: 'é 😀' },
  { createdAt: '2000-01-01', resolvedBy: 'reviewer' },
)

const FILTER: fc.Arbitrary<{ status?: RequestStatus; agentId?: string }> = fc.constantFrom(
  {},
  { status: 'PENDING' },
  { status: 'RESOLVED' },
  { agentId: 'a' },
  { status: 'PENDING', agentId: 'b' },
  { status: 'RESOLVED', agentId: 'b' },
)

export const REQUESTS: readonly Method[] = [
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
    [ID, RESOLVED_AT, TEXT, nullable(JSON_TEXT), RESOLUTION],
    ({ requests }, dfid, resolvedAt, decision, proposalJson, { createdAt, resolvedBy = null }) => {
      const request = requests.get(dfid)
      if (request === undefined || request.resolvedAt !== null || createdAt !== undefined) return false
      const known = { ...request, resolvedAt: `${resolvedAt.slice(0, 19)}.000000Z`, decision, resolvedBy }
      requests.set(dfid, { ...known, proposalJson: proposalJson ?? request.proposalJson })
      return true
    },
  ),
  method('escalation', 'getRequest', null, ['dfid'], [ID], ({ requests }, dfid) => {
    const request = requests.get(dfid)
    return request === undefined ? null : shown(dfid, request)
  }),
  method('escalation', 'listRequests', null, [], [FILTER], ({ requests }, { status, agentId }) =>
    [...requests]
      .filter(([, request]) => agentId === undefined || request.agentId === agentId)
      .filter(
        ([, { resolvedAt }]) => status === undefined || (status === 'PENDING') === (resolvedAt === null),
      )
      .map(([dfid, request]) => shown(dfid, request)),
  ),
  method('escalation', 'getPendingRequests', null, [], [], ({ requests }) =>
    [...requests].flatMap(([dfid, request]) => {
      const { resolvedAt, decision: _, resolvedBy: __, ...asked } = request
      const parsed = { context: loadsJson(asked.contextJson), proposal: loadsJson(asked.proposalJson) }
      return resolvedAt === null ? [{ dfid, ...asked, ...parsed }] : []
    }),
  ),
  method('escalation', 'tryConsumeBudget', 'budget', ['agentId'], [ID, BUDGET], consume),
  method('escalation', 'requestWithinBudget', 'budget', [], [REQUEST, BUDGET], (state, request, budget) => {
    const answer = consume(state, request.agentId, budget)
    if (answer.granted) insert(state, request)
    return answer
  }),
]
