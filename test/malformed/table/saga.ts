import { INVALID, type Methods, TOO_LARGE } from '../table.ts'
import * as no from '../values/index.ts'

export const saga: Methods = {
  markDirty: [
    ['flow', 'step', '{}'],
    ['0', no.NO_ID, 'dfid', INVALID],
    ['1', no.NO_TEXT, 'failedStep', INVALID],
    ['2', no.NO_JSON, 'partialStateJson', INVALID],
    ['2', no.LARGE_JSON, 'partialStateJson', TOO_LARGE],
  ],
  getDirtyState: [['flow'], ['0', no.NO_ID, 'dfid', INVALID]],
  clearDirty: [['flow'], ['0', no.NO_ID, 'dfid', INVALID]],
  listDirtyFlows: [
    [{ olderThanSec: 9 }],
    ['0', no.NO_OPTIONS, 'options', INVALID],
    ['0', no.unknown({ olderThanSec: 9 }), 'options', INVALID],
    ['0.olderThanSec', no.given(no.NO_SECONDS), 'olderThanSec', INVALID],
  ],
}
