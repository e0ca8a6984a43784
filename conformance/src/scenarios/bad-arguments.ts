import * as bad from './bad-values.ts'
import { AGENT, type BadArguments, REQUEST, RESOURCES } from './bad-records.ts'
import { aRequest, anAgent } from './samples.ts'

export const BAD_SEED_ARGUMENTS: BadArguments = {
  agentRegistry: {
    upsertAgent: [[anAgent('one')], AGENT],
    getAgent: [['one'], { agentId: bad.ID }],
    getStatus: [['one'], { agentId: bad.ID }],
    updateStatus: [
      ['one', 'X', null],
      { agentId: bad.ID },
      { status: bad.TEXT },
      { suspensionReason: bad.TEXT_OR_NULL },
    ],
    listAgents: [[{ status: 'X' }], { options: bad.OPTIONS, status: bad.given(bad.TEXT) }],
  },
  context: {
    getSession: [['one'], { dfid: bad.ID }],
    getState: [['one'], { agentId: bad.ID }],
    setSession: [['one', '9'], { dfid: bad.ID }, { dataJson: bad.JSON_TEXT }],
    setState: [['one', '9'], { agentId: bad.ID }, { dataJson: bad.JSON_TEXT }],
  },
  idempotency: {
    get: [['one'], { key: bad.ID }],
    set: [['one', {}], { key: bad.ID }, { result: bad.OBJECT }],
  },
  decisionAudit: {
    record: [
      ['one', 'E', { stepId: '', state: '', agentId: 'one', details: null }],
      { dfid: bad.ID },
      { event: bad.TEXT },
      {
        options: bad.OPTIONS,
        stepId: bad.given(bad.TEXT),
        state: bad.given(bad.TEXT),
        agentId: bad.given(bad.ID),
        details: bad.given(bad.OBJECT_OR_NULL),
      },
    ],
    eventsForDfid: [['one'], { dfid: bad.ID }],
  },
  saga: {
    markDirty: [
      ['one', 'X', '9'],
      { dfid: bad.ID },
      { failedStep: bad.TEXT },
      { partialStateJson: bad.JSON_TEXT },
    ],
    getDirtyState: [['one'], { dfid: bad.ID }],
    clearDirty: [['one'], { dfid: bad.ID }],
    listDirtyFlows: [[{ olderThanSec: 9 }], { options: bad.OPTIONS, olderThanSec: bad.given(bad.SECONDS) }],
  },
  resourceLock: {
    getLockedAmount: [['one', null], { resourceId: bad.ID }, { excludeDfid: bad.ID_OR_NULL }],
    acquireBatch: [
      ['one', { one: 9 }, 0, {}],
      { dfid: bad.ID },
      RESOURCES,
      { timeoutSec: bad.SECONDS },
      { options: bad.OPTIONS },
    ],
    release: [
      ['one', { fence: 0 }],
      { dfid: bad.ID },
      { options: bad.OPTIONS, fence: bad.given(bad.SEQUENCE) },
    ],
  },
  intentRetry: {
    getCount: [['one'], { dfid: bad.ID }],
    setCount: [['one', 9], { dfid: bad.ID }, { count: bad.COUNT }],
    delete: [['one'], { dfid: bad.ID }],
  },
  escalation: {
    getWindowCount: [['one', '2026-03-01'], { agentId: bad.ID }, { since: bad.TIME }],
    recordBudgetToken: [['one'], { agentId: bad.ID }],
    insertRequest: [[aRequest('one', 'one')], REQUEST],
    resolveRequest: [
      ['one', '2026-03-01', 'X', null, { createdAt: '2026-03-01', resolvedBy: 'one' }],
      { dfid: bad.ID },
      { resolvedAt: bad.TIME },
      { decision: bad.TEXT },
      { proposalJson: bad.JSON_TEXT.filter((json) => json !== null) },
      { options: bad.OPTIONS, createdAt: bad.given(bad.TIME), resolvedBy: bad.given(bad.ID) },
    ],
    getRequest: [['one'], { dfid: bad.ID }],
    listRequests: [
      [{ status: 'PENDING', agentId: 'one', olderThanSec: 9 }],
      {
        options: bad.OPTIONS,
        status: bad.given([...bad.TEXT, '', 'pending', 'OPEN', 'PENDING ']),
        agentId: bad.given(bad.ID),
        olderThanSec: bad.given(bad.SECONDS),
      },
    ],
  },
  lifecycle: {
    recordTransition: [
      ['one', null, 'X'],
      { dfid: bad.ID },
      { fromStatus: bad.TEXT_OR_NULL },
      { toStatus: bad.TEXT },
    ],
    getTransitions: [['one'], { dfid: bad.given(bad.ID) }],
    listFlows: [
      [{ status: 'X', olderThanSec: 9 }],
      {
        options: bad.OPTIONS,
        status: bad.given(bad.TEXT),
        olderThanSec: bad.given(bad.SECONDS),
      },
    ],
  },
}
