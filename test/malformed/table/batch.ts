import { INVALID, type Methods } from '../table.ts'
import * as no from '../values/index.ts'

/** The two conditions that only a batch has. */
export const CONDITIONS: Methods = {
  expectStatus: [
    ['unknown flow', null],
    ['0', no.NO_ID, 'dfid', INVALID],
    ['1', no.NO_TEXT_OR_NULL, 'status', INVALID],
  ],
  expectSession: [
    ['unknown flow', null],
    ['0', no.NO_ID, 'dfid', INVALID],
    ['1', no.NO_EXPECTED, 'expectedJson', INVALID],
  ],
}

/** What a batch takes, by protocol; each has the rules, and the arguments, that it has on the handle. */
export const WRITES = [
  ['agentRegistry', ['upsertAgent', 'updateStatus']],
  ['context', ['setSession', 'compareAndSetSession', 'setState', 'compareAndSetState']],
  ['idempotency', ['set', 'renewClaim', 'complete', 'abandon']],
  ['decisionAudit', ['record', 'recordMany']],
  ['saga', ['markDirty', 'clearDirty']],
  ['resourceLock', ['acquireBatch', 'acquire', 'release', 'renew']],
  ['intentRetry', ['setCount', 'delete', 'increment']],
  ['escalation', ['recordBudgetToken', 'insertRequest', 'resolveRequest']],
  ['lifecycle', ['recordTransition', 'transition']],
] as const
