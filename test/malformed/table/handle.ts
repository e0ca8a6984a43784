import type { Batch } from '@dir/storage-core'
import { INVALID, type Methods } from '../table.ts'
import * as no from '../values/index.ts'

const write = (batch: Batch): void => batch.context.setSession('batch', '1')

// oxlint-disable-next-line unicorn/no-thenable -- what a promise of another library is
const THENABLE = { then: () => {} }

/** What concerns the handle as a whole; `init`, `close`, `health` and `exportRecords` take no argument. */
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
