import { INVALID, type Methods, TOO_LARGE } from '../table.ts'
import * as no from '../values/index.ts'

export const idempotency: Methods = {
  get: [['key'], ['0', no.NO_ID, 'key', INVALID]],
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
    ['claimed key', { leaseSec: 600, requestHash: 'hash' }],
    ['0', no.NO_ID, 'key', INVALID],
    ['1', no.given(no.NO_RECORD), 'options', INVALID],
    ['1', no.unknown({ leaseSec: 600 }), 'options', INVALID],
    ['1', [undefined, {}], 'leaseSec', INVALID],
    ['1.leaseSec', no.NO_DURATION, 'leaseSec', INVALID],
    ['1.requestHash', no.given(no.NO_TEXT), 'requestHash', INVALID],
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
