import { INVALID, type Methods, TOO_LARGE } from '../table.ts'
import * as no from '../values/index.ts'

export const idempotency: Methods = {
  get: [['key'], ['0', no.NO_ID, 'key', INVALID]],
  getResultJson: [['key'], ['0', no.NO_ID, 'key', INVALID]],
  set: [
    ['key', { done: true }],
    ['0', no.NO_ID, 'key', INVALID],
    ['1', no.NO_OBJECT, 'result', INVALID],
    ['1', no.LARGE_OBJECT, 'result', TOO_LARGE],
  ],
  setIfAbsent: [
    ['other key', { done: true }],
    ['0', no.NO_ID, 'key', INVALID],
    ['1', no.NO_OBJECT, 'result', INVALID],
    ['1', no.LARGE_OBJECT, 'result', TOO_LARGE],
  ],
  claim: [
    ['claimed key', { leaseSec: 600, requestHash: 'hash', dfid: 'flow', stepId: 'step' }],
    ['0', no.NO_ID, 'key', INVALID],
    ['1', no.given(no.NO_RECORD), 'options', INVALID],
    ['1', no.unknown({ leaseSec: 600 }), 'options', INVALID],
    ['1', [undefined, {}], 'leaseSec', INVALID],
    ['1.leaseSec', no.NO_DURATION, 'leaseSec', INVALID],
    ['1.requestHash', no.given(no.NO_TEXT), 'requestHash', INVALID],
    ['1.dfid', no.given(no.NO_ID), 'dfid', INVALID],
    ['1.stepId', no.given(no.NO_ID), 'stepId', INVALID],
  ],
  listClaims: [
    [{ state: 'inFlight', dfid: 'flow', olderThanSec: 9 }],
    ['0', no.NO_OPTIONS, 'options', INVALID],
    ['0', no.unknown({ state: 'inFlight' }), 'options', INVALID],
    ['0.state', no.given(no.NO_TEXT), 'state', INVALID],
    ['0.state', ['', 'started', 'inflight', 'replay', 'ambiguous '], 'state', INVALID],
    ['0.dfid', no.given(no.NO_ID), 'dfid', INVALID],
    ['0.olderThanSec', no.given(no.NO_SECONDS), 'olderThanSec', INVALID],
  ],
  renewClaim: [
    ['claimed key', 'no token of ours', 600],
    ['0', no.NO_ID, 'key', INVALID],
    ['1', no.NO_TOKEN, 'token', INVALID],
    ['2', no.NO_DURATION, 'leaseSec', INVALID],
  ],
  complete: [
    ['claimed key', 'no token of ours', { done: true }],
    ['0', no.NO_ID, 'key', INVALID],
    ['1', no.NO_TOKEN, 'token', INVALID],
    ['2', no.NO_OBJECT, 'result', INVALID],
    ['2', no.LARGE_OBJECT, 'result', TOO_LARGE],
  ],
  abandon: [
    ['claimed key', 'no token of ours'],
    ['0', no.NO_ID, 'key', INVALID],
    ['1', no.NO_TOKEN, 'token', INVALID],
  ],
}
