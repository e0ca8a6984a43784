import type { Batch } from '@dir/storage-core'
import { INVALID, type Method, type Methods } from '../table.ts'
import * as no from '../values/index.ts'

const write = (batch: Batch): void => void batch.context.setSession('batch', '1')

// oxlint-disable-next-line unicorn/no-thenable -- what a promise of another library is
const THENABLE = { then: () => {} }

/** Apart from the others, because one that is correct ends the handle. */
export const CLOSE: Method = [
  [{ drainMs: 0 }],
  ['0', no.NO_OPTIONS, 'options', INVALID],
  ['0', no.unknown({ drainMs: 0 }), 'options', INVALID],
  ['0.drainMs', no.given(no.NO_COUNT), 'drainMs', INVALID],
]

/** What concerns the handle as a whole; `init`, `health` and `exportRecords` take no argument. */
export const HANDLE: Methods = {
  atomically: [
    [write],
    ['0', no.NO_FUNCTION, 'record', INVALID],
    [
      '0',
      [async () => {}, async (batch: Batch) => write(batch), async () => no.thrower()],
      'record',
      INVALID,
    ],
    ['0', [() => Promise.reject(new Error('x')), () => new Promise(() => {})], 'record', INVALID],
    ['0', [returning(THENABLE)], 'record', INVALID],
    ['0', [1_001, 2_000].map(manyWrites), 'batch', INVALID],
    ['0', [twoAcquires], 'batch', INVALID],
  ],
  importRecords: [
    [[{ type: 'counters', seq: 0, fence: 0, records: 0 }]],
    ['0', no.NO_RECORDS, 'records', INVALID],
    ['0', no.within(no.NO_EXPORTED, (record) => [record]), 'records', INVALID],
    ['0', no.within(no.NO_EXPORTED, inTurn), 'records', INVALID],
    ['1', no.NO_OPTIONS, 'options', INVALID],
    ['1', no.unknown({ unfit: 'skip' }), 'options', INVALID],
    ['1.unfit', no.given(no.NO_TEXT), 'unfit', INVALID],
    ['1.unfit', ['', 'Skip', 'skip ', 'keep', 'undefined', 'skip\0'], 'unfit', INVALID],
  ],
  prune: [
    [
      {
        before: '2026-03-01',
        terminal: ['DONE'],
        keepResultsSec: 1,
        keepTokensSec: 0.5,
        batchSize: 1,
        dryRun: false,
        onProgress: () => {},
        signal: new AbortController().signal,
      },
    ],
    ['0', no.NO_OPTIONS, 'options', INVALID],
    ['0', no.unknown({ before: '2026-03-01', terminal: ['DONE'] }), 'options', INVALID],
    ['0', [undefined, {}, { terminal: ['DONE'] }], 'before', INVALID],
    ['0', [{ before: '2026-03-01' }], 'terminal', INVALID],
    ['0.before', no.given(no.NO_TIME), 'before', INVALID],
    ['0.before', ['2999-01-01', '9999-12-31T23:59:59.999999Z'], 'before', INVALID],
    ['0.terminal', [null, '', 'DONE', 1, {}, [], new Set(['DONE'])], 'terminal', INVALID],
    ['0.terminal', no.within(no.NO_TEXT, (status) => ['DONE', status]), 'terminal', INVALID],
    ['0.keepResultsSec', no.given(no.NO_SECONDS), 'keepResultsSec', INVALID],
    ['0.keepTokensSec', no.given(no.NO_SECONDS), 'keepTokensSec', INVALID],
    ['0.dryRun', no.given(no.NO_BOOLEAN), 'dryRun', INVALID],
    ['0.batchSize', no.given([...no.NO_COUNT, 0, 501]), 'batchSize', INVALID],
    ['0.onProgress', no.given(no.NO_FUNCTION), 'onProgress', INVALID],
    ['0.signal', no.given(no.NO_SIGNAL), 'signal', INVALID],
  ],
}

function returning(value: unknown): (batch: Batch) => unknown {
  return (batch) => {
    write(batch)
    return value
  }
}

function manyWrites(count: number): (batch: Batch) => void {
  return (batch) => {
    for (let n = 0; n < count; n++) write(batch)
  }
}

function twoAcquires(batch: Batch): void {
  batch.resourceLock.acquire('flow', { cash: 1 }, 0)
  batch.resourceLock.acquireBatch('other flow', { bonds: 1 }, 0)
}

/** One item a turn, as from a file. */
function inTurn(record: unknown): object {
  return {
    [Symbol.asyncIterator]: () => ({
      next: async () => ({ done: false, value: record }),
      return: async () => ({}),
    }),
  }
}
