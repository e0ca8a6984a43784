import { INVALID, type Methods, type Row, TOO_LARGE } from '../table.ts'
import * as no from '../values/index.ts'

const REQUEST = {
  dfid: 'flow',
  agentId: 'agent',
  reason: 'above the limit',
  contextJson: '{"account": 7}',
  proposalJson: '{"buy": 100}',
  impact: 'high',
}
const BUDGET = { limit: 9, windowSec: 60 }
/** Together with the context they are one byte too much. */
const TOGETHER = ['x', 'é', '😀'].map((character) => {
  const bytes = no.LIMIT - REQUEST.contextJson.length - 2
  return `"${character.repeat(Math.floor(bytes / Buffer.byteLength(character)) + 1)}"`
})

const request: readonly Row[] = [
  ['0', no.NO_RECORD, 'request', INVALID],
  ['0', no.unknown(REQUEST), 'request', INVALID],
  ['0.dfid', no.NO_ID, 'dfid', INVALID],
  ['0.agentId', no.NO_ID, 'agentId', INVALID],
  ['0.reason', no.NO_TEXT, 'reason', INVALID],
  ['0.contextJson', no.NO_JSON, 'contextJson', INVALID],
  ['0.contextJson', no.LARGE_JSON, 'contextJson', TOO_LARGE],
  ['0.proposalJson', no.NO_JSON, 'proposalJson', INVALID],
  ['0.proposalJson', no.LARGE_JSON, 'proposalJson', TOO_LARGE],
  ['0.proposalJson', TOGETHER, 'proposalJson', TOO_LARGE],
  ['0.impact', no.NO_TEXT, 'impact', INVALID],
]
const budget: readonly Row[] = [
  ['1', no.NO_RECORD, 'budget', INVALID],
  ['1', no.unknown(BUDGET), 'budget', INVALID],
  ['1.limit', no.NO_COUNT, 'limit', INVALID],
  ['1.windowSec', no.NO_DURATION, 'windowSec', INVALID],
]

export const escalation: Methods = {
  getWindowCount: [
    ['agent', '2026-03-01'],
    ['0', no.NO_ID, 'agentId', INVALID],
    ['1', no.NO_TIME, 'since', INVALID],
  ],
  recordBudgetToken: [['agent'], ['0', no.NO_ID, 'agentId', INVALID]],
  insertRequest: [[REQUEST], ...request],
  resolveRequest: [
    ['flow', '2026-03-01T10:00:00Z', 'APPROVE', '{}', { createdAt: '2026-03-01', resolvedBy: 'reviewer' }],
    ['0', no.NO_ID, 'dfid', INVALID],
    ['1', no.NO_TIME, 'resolvedAt', INVALID],
    ['2', no.NO_TEXT, 'decision', INVALID],
    ['3', no.NO_JSON.filter((json) => json !== null), 'proposalJson', INVALID],
    ['3', no.LARGE_JSON, 'proposalJson', TOO_LARGE],
    ['4', no.NO_OPTIONS, 'options', INVALID],
    ['4', no.unknown({ createdAt: '2026-03-01' }), 'options', INVALID],
    ['4.createdAt', no.given(no.NO_TIME), 'createdAt', INVALID],
    ['4.resolvedBy', no.given(no.NO_ID), 'resolvedBy', INVALID],
  ],
  getRequest: [['flow'], ['0', no.NO_ID, 'dfid', INVALID]],
  listRequests: [
    [{ status: 'PENDING', agentId: 'agent', olderThanSec: 9 }],
    ['0', no.NO_OPTIONS, 'options', INVALID],
    ['0', no.unknown({ status: 'PENDING' }), 'options', INVALID],
    ['0.status', no.given(no.NO_TEXT), 'status', INVALID],
    ['0.status', ['', 'pending', 'OPEN', ' PENDING', 'PENDING ', 'RESOLVED|PENDING'], 'status', INVALID],
    ['0.agentId', no.given(no.NO_ID), 'agentId', INVALID],
    ['0.olderThanSec', no.given(no.NO_SECONDS), 'olderThanSec', INVALID],
  ],
  tryConsumeBudget: [['agent', BUDGET], ['0', no.NO_ID, 'agentId', INVALID], ...budget],
  requestWithinBudget: [[REQUEST, BUDGET], ...request, ...budget],
}
