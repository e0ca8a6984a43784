import {
  AuditStore,
  type MixSources,
  type StorageHandle,
  idempotencyKey,
  mixStorage,
  runOnce,
  updateSession,
} from '@dir/storage-core'
import { memoryStorage } from '@dir/storage-memory'
import { CONFIGURATION, INVALID, type Method, TOO_LARGE } from '../table.ts'
import * as no from '../values/index.ts'

export interface Helper {
  readonly name: string
  /** It answers, and throws, at once. */
  readonly isSynchronous?: true
  readonly call: (storage: StorageHandle, ...args: readonly never[]) => unknown
  readonly method: Method
}

const audit = (storage: StorageHandle): AuditStore =>
  new AuditStore(storage.decisionAudit, storage.idempotency)
const store = memoryStorage()

export const HELPERS: readonly Helper[] = [
  {
    name: 'runOnce',
    call: ({ idempotency }, key, options, fn) => runOnce(idempotency, key, options, fn),
    method: [
      [
        'run key',
        { leaseSec: 600, requestHash: 'hash', dfid: 'flow', stepId: 'step', waitSec: 0 },
        () => ({ done: true }),
      ],
      ['0', no.NO_ID, 'key', INVALID],
      ['1', no.given(no.NO_RECORD), 'options', INVALID],
      ['1', no.unknown({ leaseSec: 600 }), 'options', INVALID],
      ['1', [undefined, {}], 'leaseSec', INVALID],
      ['1.leaseSec', no.NO_DURATION, 'leaseSec', INVALID],
      ['1.requestHash', no.given(no.NO_TEXT), 'requestHash', INVALID],
      ['1.dfid', no.given(no.NO_ID), 'dfid', INVALID],
      ['1.stepId', no.given(no.NO_ID), 'stepId', INVALID],
      ['1.waitSec', no.given(no.NO_SECONDS), 'waitSec', INVALID],
      ['2', no.NO_FUNCTION, 'fn', INVALID],
    ],
  },
  {
    name: 'updateSession',
    call: ({ context }, dfid, fn, options) => updateSession(context, dfid, fn, options),
    method: [
      ['merged', () => '{}', { timeoutSec: 1 }],
      ['0', no.NO_ID, 'dfid', INVALID],
      ['1', no.NO_FUNCTION, 'fn', INVALID],
      ['2', no.NO_OPTIONS, 'options', INVALID],
      ['2', no.unknown({ timeoutSec: 1 }), 'options', INVALID],
      ['2.timeoutSec', no.given(no.NO_SECONDS), 'timeoutSec', INVALID],
    ],
  },
  {
    name: 'AuditStore.record',
    call: (storage, dfid, event, details) => audit(storage).record(dfid, event, details),
    method: [
      ['flow', 'E', { stepId: 's', state: 'S', details: {} }],
      ['0', no.NO_ID, 'dfid', INVALID],
      ['1', no.NO_TEXT, 'event', INVALID],
      ['2', no.NO_OPTIONS, 'options', INVALID],
      ['2.stepId', no.given(no.NO_TEXT), 'stepId', INVALID],
      ['2.state', no.given(no.NO_TEXT), 'state', INVALID],
      ['2.details', no.given(no.NO_OBJECT_OR_NULL), 'details', INVALID],
    ],
  },
  {
    name: 'AuditStore.getIdempotentResult',
    call: (storage, key) => audit(storage).getIdempotentResult(key),
    method: [['run key'], ['0', no.NO_ID, 'key', INVALID]],
  },
  {
    name: 'AuditStore.saveIdempotentResult',
    call: (storage, key, dfid, result) => audit(storage).saveIdempotentResult(key, dfid, result),
    method: [
      ['saved key', 'flow', { done: true }],
      ['0', no.NO_ID, 'key', INVALID],
      ['1', no.NO_ID, 'dfid', INVALID],
      ['2', no.NO_OBJECT, 'result', INVALID],
      ['2', no.LARGE_OBJECT, 'result', TOO_LARGE],
    ],
  },
  {
    name: 'AuditStore.eventsForDfid',
    call: (storage, dfid) => audit(storage).eventsForDfid(dfid),
    method: [['flow'], ['0', no.NO_ID, 'dfid', INVALID]],
  },
  {
    name: 'idempotencyKey',
    isSynchronous: true,
    call: (_, dfid, stepId, params) => idempotencyKey(dfid, stepId, params),
    method: [
      ['flow', 'step', { amount: 1 }],
      ['0', [...no.NO_STRING, '\ud800', 'a\udc00'], 'dfid', INVALID],
      ['1', [...no.NO_STRING, '\ud800', 'a\udc00'], 'stepId', INVALID],
      ['2', no.NO_OBJECT, 'params', INVALID],
      ['2', no.within([undefined, ...no.NO_PARAMETER], (amount) => ({ amount })), 'params', INVALID],
      ['2', no.within(no.NO_PARAMETER, (one) => ({ in: [{ deep: one }] })), 'params', INVALID],
    ],
  },
  {
    name: 'mixStorage',
    isSynchronous: true,
    call: (_, sources: MixSources) => mixStorage(sources),
    method: [
      [{ default: store, saga: store.saga, lifecycle: store }],
      ['0', no.NO_RECORD, 'sources', INVALID],
      ['0', no.unknown({ default: store }), 'sources', INVALID],
      [
        '0',
        [{}, { default: undefined }, { saga: store }, { saga: store.saga }],
        'agentRegistry',
        CONFIGURATION,
      ],
      ['0.default', no.NO_STORE, 'default', INVALID],
      ['0.saga', no.NO_STORE, 'saga', INVALID],
      ['0.lifecycle', no.NO_STORE, 'lifecycle', INVALID],
    ],
  },
]
