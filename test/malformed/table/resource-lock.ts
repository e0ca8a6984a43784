import { INVALID, type Methods, type Row } from '../table.ts'
import * as no from '../values/index.ts'

const TOO_MANY = Object.fromEntries(Array.from({ length: 1_001 }, (_, n) => [`r${n}`, 1]))

/** A map of amounts by resource: no such map, a bad amount, a bad name, too many names. */
const noAmounts = (place: string, argument: string): readonly Row[] => [
  [place, no.given(no.NO_RECORD), argument, INVALID],
  [place, no.within(no.NO_AMOUNT, (amount) => ({ cash: 1, bonds: amount })), argument, INVALID],
  [place, ['', 'a\0', '\ud800', 'x'.repeat(513), 'é'.repeat(257)].map(named), argument, INVALID],
  [place, [Symbol('cash'), Symbol.iterator].map(named), argument, INVALID],
  [place, [TOO_MANY, hidden(-1), hidden('1')], argument, INVALID],
]

const acquire = [
  ['flow', { cash: 1, bonds: 2 }, 0, { capacities: { cash: 10, bonds: 10 }, leaseSec: 600 }],
  ['0', no.NO_ID, 'dfid', INVALID],
  ['1', [undefined], 'resources', INVALID],
  ...noAmounts('1', 'resources'),
  ['2', no.NO_SECONDS, 'timeoutSec', INVALID],
  ['3', no.NO_OPTIONS, 'options', INVALID],
  ['3', no.unknown({ capacities: { cash: 10, bonds: 10 } }), 'options', INVALID],
  ...noAmounts('3.capacities', 'capacities'),
  ['3.capacities', [{}, { cash: 10 }, { bonds: 10 }, { cash: 10, Bonds: 10 }], 'capacities', INVALID],
  ['3.leaseSec', no.given(no.NO_DURATION), 'leaseSec', INVALID],
] as const

export const resourceLock: Methods = {
  getLockedAmount: [
    ['cash', 'flow'],
    ['0', no.NO_ID, 'resourceId', INVALID],
    ['1', no.NO_ID_OR_NULL, 'excludeDfid', INVALID],
  ],
  acquireBatch: acquire,
  acquire,
  release: [
    ['flow', { fence: 0 }],
    ['0', no.NO_ID, 'dfid', INVALID],
    ['1', no.NO_OPTIONS, 'options', INVALID],
    ['1', no.unknown({ fence: 0 }), 'options', INVALID],
    ['1.fence', no.given(no.NO_SEQUENCE), 'fence', INVALID],
  ],
  renew: [
    ['flow', 600, { fence: 9_000_000 }],
    ['0', no.NO_ID, 'dfid', INVALID],
    ['1', no.NO_DURATION, 'leaseSec', INVALID],
    ['2', no.NO_OPTIONS, 'options', INVALID],
    ['2', no.unknown({ fence: 0 }), 'options', INVALID],
    ['2.fence', no.given(no.NO_SEQUENCE), 'fence', INVALID],
  ],
  getHolds: [
    [{ dfid: 'flow', resourceId: 'cash' }],
    ['0', no.NO_OPTIONS, 'options', INVALID],
    ['0', no.unknown({ dfid: 'flow' }), 'options', INVALID],
    ['0.dfid', no.given(no.NO_ID), 'dfid', INVALID],
    ['0.resourceId', no.given(no.NO_ID), 'resourceId', INVALID],
  ],
  listHolds: [
    [{ dfid: 'flow', resourceId: 'cash', olderThanSec: 9 }],
    ['0', no.NO_OPTIONS, 'options', INVALID],
    ['0', no.unknown({ dfid: 'flow' }), 'options', INVALID],
    ['0.dfid', no.given(no.NO_ID), 'dfid', INVALID],
    ['0.resourceId', no.given(no.NO_ID), 'resourceId', INVALID],
    ['0.olderThanSec', no.given(no.NO_SECONDS), 'olderThanSec', INVALID],
  ],
}

function named(name: string | symbol): object {
  return { cash: 1, bonds: 1, [name]: 1 }
}

/** An amount of its own that a loop over the keys does not see. */
function hidden(value: unknown): object {
  return Object.defineProperty({ cash: 1, bonds: 1 }, 'gold', { value })
}
