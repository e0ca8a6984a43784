import { INVALID, type Methods } from '../table.ts'
import * as no from '../values/index.ts'

export const lifecycle: Methods = {
  recordTransition: [
    ['flow', null, 'NEW'],
    ['0', no.NO_ID, 'dfid', INVALID],
    ['1', no.NO_TEXT_OR_NULL, 'fromStatus', INVALID],
    ['2', no.NO_TEXT, 'toStatus', INVALID],
  ],
  getTransitions: [['flow'], ['0', no.given(no.NO_ID), 'dfid', INVALID]],
  listFlows: [
    [{ status: 'NEW', olderThanSec: 9 }],
    ['0', no.NO_OPTIONS, 'options', INVALID],
    ['0', no.unknown({ status: 'NEW' }), 'options', INVALID],
    ['0.status', no.given(no.NO_TEXT), 'status', INVALID],
    ['0.olderThanSec', no.given(no.NO_SECONDS), 'olderThanSec', INVALID],
  ],
  getCurrentStatus: [['flow'], ['0', no.NO_ID, 'dfid', INVALID]],
  transition: [
    ['flow', 'NEW', 'DONE'],
    ['0', no.NO_ID, 'dfid', INVALID],
    ['1', no.NO_TEXT_OR_NULL, 'fromStatus', INVALID],
    ['2', no.NO_TEXT, 'toStatus', INVALID],
  ],
}
