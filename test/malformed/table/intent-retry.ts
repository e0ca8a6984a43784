import { INVALID, type Methods } from '../table.ts'
import * as no from '../values/index.ts'

export const intentRetry: Methods = {
  getCount: [['flow'], ['0', no.NO_ID, 'dfid', INVALID]],
  setCount: [
    ['flow', 3],
    ['0', no.NO_ID, 'dfid', INVALID],
    ['1', no.NO_COUNT, 'count', INVALID],
  ],
  increment: [['flow'], ['0', no.NO_ID, 'dfid', INVALID]],
  delete: [['flow'], ['0', no.NO_ID, 'dfid', INVALID]],
}
