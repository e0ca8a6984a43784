import { INVALID, type Methods, TOO_LARGE } from '../table.ts'
import * as no from '../values/index.ts'

const EVENT = { dfid: 'flow', event: 'E', stepId: 's', state: 'S', details: { n: 1 } }

/** A good event and, after it, one with this member. */
const events = (member: string, values: readonly unknown[]) =>
  no.within(values, (value) => [EVENT, { ...EVENT, [member]: value }])

export const decisionAudit: Methods = {
  record: [
    ['flow', 'E', { stepId: 's', state: 'S', details: { n: 1 } }],
    ['0', no.NO_ID, 'dfid', INVALID],
    ['1', no.NO_TEXT, 'event', INVALID],
    ['2', no.NO_OPTIONS, 'options', INVALID],
    ['2', no.unknown({ stepId: 's' }), 'options', INVALID],
    ['2.stepId', no.given(no.NO_TEXT), 'stepId', INVALID],
    ['2.state', no.given(no.NO_TEXT), 'state', INVALID],
    ['2.details', no.given(no.NO_OBJECT_OR_NULL), 'details', INVALID],
    ['2.details', no.LARGE_OBJECT, 'details', TOO_LARGE],
  ],
  recordMany: [
    [[EVENT, EVENT]],
    ['0', no.NO_RECORD.filter((value) => !isList(value)), 'events', INVALID],
    ['0', no.within(no.NO_RECORD, (value) => [EVENT, value]), 'events', INVALID],
    ['0', no.within(no.unknown(EVENT), (value) => [EVENT, value]), 'events', INVALID],
    ['0', [EVENT, { 0: EVENT, length: 1 }, new Set([EVENT]), [EVENT].values()], 'events', INVALID],
    ['0', [Array(3), [EVENT, , EVENT]], 'events', INVALID], // oxlint-disable-line no-sparse-arrays
    ['0', [[[EVENT]], new Proxy([], { get: no.thrower })], 'events', INVALID],
    ['0', events('dfid', no.NO_ID), 'dfid', INVALID],
    ['0', events('event', no.NO_TEXT), 'event', INVALID],
    ['0', events('stepId', no.given(no.NO_TEXT)), 'stepId', INVALID],
    ['0', events('state', no.given(no.NO_TEXT)), 'state', INVALID],
    ['0', events('details', no.given(no.NO_OBJECT_OR_NULL)), 'details', INVALID],
    ['0', events('details', no.LARGE_OBJECT), 'details', TOO_LARGE],
  ],
  eventsForDfid: [['flow'], ['0', no.NO_ID, 'dfid', INVALID]],
  events: [
    [{ dfid: 'flow', event: 'E', afterSeq: 0, limit: 9 }],
    ['0', no.NO_OPTIONS, 'options', INVALID],
    ['0', no.unknown({ dfid: 'flow' }), 'options', INVALID],
    ['0.dfid', no.given(no.NO_ID), 'dfid', INVALID],
    ['0.event', no.given(no.NO_TEXT), 'event', INVALID],
    ['0.afterSeq', no.given(no.NO_SEQUENCE), 'afterSeq', INVALID],
    ['0.beforeSeq', no.given(no.NO_SEQUENCE), 'beforeSeq', INVALID],
    ['0.newestFirst', no.given(no.NO_BOOLEAN), 'newestFirst', INVALID],
    ['0.limit', no.given(no.NO_COUNT), 'limit', INVALID],
    ['0.follow', no.given(no.NO_BOOLEAN), 'follow', INVALID],
    ['0.signal', no.given(no.NO_SIGNAL), 'signal', INVALID],
    [
      '0',
      [
        { follow: true, newestFirst: true },
        { follow: true, beforeSeq: 9 },
      ],
      'follow',
      INVALID,
    ],
  ],
}

function isList(value: unknown): boolean {
  try {
    return Array.isArray(value)
  } catch {
    return false // a revoked proxy is nothing any more
  }
}
