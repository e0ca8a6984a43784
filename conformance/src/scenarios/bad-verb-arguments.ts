import { BUDGET, type BadArguments, REQUEST, RESOURCES, type Rules, within } from './bad-records.ts'
import * as bad from './bad-values.ts'
import { aRequest } from './samples.ts'

const SWAP: readonly [Rules, Rules] = [{ expectedJson: bad.EXPECTED }, { dataJson: bad.JSON_TEXT }]
const budget = { limit: 9, windowSec: 9 }
const event = { dfid: 'one', event: 'E' }
const { signal } = new AbortController()
const filter = {
  ...event,
  agentId: 'one',
  afterSeq: 0,
  beforeSeq: 9,
  newestFirst: false,
  limit: 1,
  follow: false,
  signal,
}
/** What a time is not given beside, because it has another order. */
const BESIDE = [{ afterSeq: 0 }, { beforeSeq: 9 }, { follow: true }]
const events = (member: string, values: readonly unknown[]) =>
  within(values, (value) => [event, { ...event, [member]: value }])

export const BAD_ATOMIC_ARGUMENTS: BadArguments = {
  context: {
    compareAndSetSession: [['one', '1', '9'], { dfid: bad.ID }, ...SWAP],
    compareAndSetState: [['one', '1', '9'], { agentId: bad.ID }, ...SWAP],
  },
  idempotency: {
    setIfAbsent: [['two', {}], { key: bad.ID }, { result: bad.OBJECT }],
    claim: [
      ['two', { leaseSec: 60, requestHash: '', dfid: 'one', stepId: 'one' }],
      { key: bad.ID },
      {
        options: bad.OPTIONS,
        leaseSec: bad.DURATION,
        requestHash: bad.given(bad.TEXT),
        dfid: bad.given(bad.ID),
        stepId: bad.given(bad.ID),
      },
    ],
    listClaims: [
      [{ state: 'inFlight', dfid: 'one', olderThanSec: 9 }],
      {
        options: bad.OPTIONS,
        state: bad.given([...bad.TEXT, '', 'started', 'inflight', 'ambiguous ']),
        dfid: bad.given(bad.ID),
        olderThanSec: bad.given(bad.SECONDS),
      },
    ],
    renewClaim: [['two', 'token', 60], { key: bad.ID }, { token: bad.TOKEN }, { leaseSec: bad.DURATION }],
    complete: [['two', 'token', {}], { key: bad.ID }, { token: bad.TOKEN }, { result: bad.OBJECT }],
    abandon: [['two', 'token'], { key: bad.ID }, { token: bad.TOKEN }],
  },
  decisionAudit: {
    recordMany: [
      [[event]],
      {
        events: [
          ...bad.RECORD.filter((value) => !Array.isArray(value)),
          event,
          [event, null],
          [event, 'one'],
          [{ ...event, seq: 1 }],
        ],
        dfid: events('dfid', bad.ID),
        event: events('event', bad.TEXT),
        stepId: events('stepId', bad.given(bad.TEXT)),
        state: events('state', bad.given(bad.TEXT)),
        agentId: events('agentId', bad.given(bad.ID)),
        details: events('details', bad.given(bad.OBJECT_OR_NULL)),
      },
    ],
    events: [
      [filter],
      {
        options: bad.OPTIONS,
        dfid: bad.given(bad.ID),
        event: bad.given(bad.TEXT),
        agentId: bad.given(bad.ID),
        from: [
          ...within(bad.given(bad.TIME), (from) => ({ from })),
          ...BESIDE.map((beside) => ({ from: '2026-03-01', ...beside })),
        ],
        until: [
          ...within(bad.given(bad.TIME), (until) => ({ until })),
          ...BESIDE.map((beside) => ({ until: '2026-03-01', ...beside })),
        ],
        afterSeq: bad.given(bad.SEQUENCE),
        beforeSeq: bad.given(bad.SEQUENCE),
        newestFirst: bad.given(bad.FLAG),
        limit: bad.given(bad.COUNT),
        follow: bad.given(bad.FLAG),
        signal: bad.given(bad.SIGNAL),
      },
    ],
  },
  resourceLock: {
    acquire: [
      ['one', { one: 9 }, 0, { capacities: { one: 9 } }],
      { dfid: bad.ID },
      RESOURCES,
      { timeoutSec: bad.SECONDS },
      { options: bad.OPTIONS, capacities: bad.given(RESOURCES['resources'] ?? []) },
    ],
    getHolds: [
      [{ dfid: 'one', resourceId: 'one' }],
      { options: bad.OPTIONS, dfid: bad.given(bad.ID), resourceId: bad.given(bad.ID) },
    ],
    listHolds: [
      [{ dfid: 'one', resourceId: 'one', olderThanSec: 9 }],
      {
        options: bad.OPTIONS,
        dfid: bad.given(bad.ID),
        resourceId: bad.given(bad.ID),
        olderThanSec: bad.given(bad.SECONDS),
      },
    ],
  },
  intentRetry: { increment: [['one'], { dfid: bad.ID }] },
  escalation: {
    tryConsumeBudget: [['one', budget], { agentId: bad.ID }, BUDGET],
    requestWithinBudget: [[aRequest('one', 'one'), budget], REQUEST, BUDGET],
  },
  lifecycle: {
    getCurrentStatus: [['one'], { dfid: bad.ID }],
    transition: [
      ['one', null, 'X'],
      { dfid: bad.ID },
      { fromStatus: bad.TEXT_OR_NULL },
      { toStatus: bad.TEXT },
    ],
  },
}

/** As above, for what needs the capability `leases`. */
export const BAD_LEASE_ARGUMENTS: BadArguments = {
  resourceLock: {
    acquire: [['one', { one: 9 }, 0, { leaseSec: 60 }], {}, {}, {}, { leaseSec: bad.given(bad.DURATION) }],
    renew: [
      ['one', 60, { fence: 0 }],
      { dfid: bad.ID },
      { leaseSec: bad.DURATION },
      { options: bad.OPTIONS, fence: bad.given(bad.SEQUENCE) },
    ],
  },
}
