import { INVALID, type Methods, TOO_LARGE } from '../table.ts'
import * as no from '../values/index.ts'

export const context: Methods = {
  getSession: [['flow'], ['0', no.NO_ID, 'dfid', INVALID]],
  setSession: [
    ['flow', '{}'],
    ['0', no.NO_ID, 'dfid', INVALID],
    ['1', no.NO_JSON, 'dataJson', INVALID],
    ['1', no.LARGE_JSON, 'dataJson', TOO_LARGE],
  ],
  compareAndSetSession: [
    ['flow', '{}', '[]'],
    ['0', no.NO_ID, 'dfid', INVALID],
    ['1', no.NO_EXPECTED, 'expectedJson', INVALID],
    ['2', no.NO_JSON, 'dataJson', INVALID],
    ['2', no.LARGE_JSON, 'dataJson', TOO_LARGE],
  ],
  getState: [['agent'], ['0', no.NO_ID, 'agentId', INVALID]],
  setState: [
    ['agent', '{}'],
    ['0', no.NO_ID, 'agentId', INVALID],
    ['1', no.NO_JSON, 'dataJson', INVALID],
    ['1', no.LARGE_JSON, 'dataJson', TOO_LARGE],
  ],
  compareAndSetState: [
    ['agent', '{}', '[]'],
    ['0', no.NO_ID, 'agentId', INVALID],
    ['1', no.NO_EXPECTED, 'expectedJson', INVALID],
    ['2', no.NO_JSON, 'dataJson', INVALID],
    ['2', no.LARGE_JSON, 'dataJson', TOO_LARGE],
  ],
}
