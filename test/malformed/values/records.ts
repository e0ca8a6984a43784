/* oxlint-disable unicorn/no-useless-spread -- rows keep the tables short */
import * as bad from '../../../conformance/src/scenarios/bad-values.ts'
import { HOSTILE, REVOKED, TRAPPED, type Values, given, thrower } from './hostile.ts'

/** No record: nothing with members of its own that can be read. */
export const NO_RECORD: Values = [
  ...[...bad.RECORD, ...HOSTILE, reading({}), new Set(), [{}], new Proxy({}, { ownKeys: thrower })],
  new Number(1),
]

/** No trailing options, which may be left out. */
export const NO_OPTIONS: Values = [...bad.OPTIONS, ...given(NO_RECORD), ...unknown({})]

/** What comes of `good` with one member more, which nobody knows or which cannot be read. */
export function unknown(good: object): Values {
  const names = [
    'Fence',
    'dfId',
    'capacites',
    'lease_sec',
    'length',
    '',
    'constructor',
    '\ud800',
    '__proto__',
  ]
  return [
    ...[...names, Symbol('dfid')].map((name) => ({ ...good, [name]: 1 })),
    ...[reading(good), Object.defineProperty({ ...good }, 'hidden', { value: 1 })],
  ]
}

/** No handle, nor a store of one protocol. */
export const NO_STORE: Values = [
  ...[null, 0, 1, -1, Number.NaN, true, false, '', 'memory', 5n, Symbol('x'), REVOKED],
]

/** Nothing that goes through records. */
export const NO_RECORDS: Values = [
  ...[undefined, null, 0, 5n, true, '', 'records', {}, () => [], Symbol('x'), new Date(0), new WeakSet()],
  ...[REVOKED, TRAPPED, Promise.resolve([]), { [Symbol.iterator]: 1 }, { [Symbol.asyncIterator]: null }],
  ...[() => 5, () => null, () => ({ next: 5 }), thrower].map((iterate) => ({ [Symbol.iterator]: iterate })),
  { length: 1, 0: { type: 'counters' } },
]

/** No exported record of a type that is known. */
export const NO_EXPORTED: Values = [
  ...[undefined, null, 0, 5n, true, 'event', Symbol('x'), [], {}, () => 1, new Date(0), REVOKED, TRAPPED],
  ...[null, 'nope', 'constructor', '__proto__', ['event'], '', 'Event', Object('event')].map((type) => ({
    type,
  })),
  ...[{ kind: 'event' }, Object.defineProperty({}, 'type', { get: thrower })],
]

/** With a member that throws when it is read. */
function reading(good: object): object {
  return Object.defineProperty({ ...good }, 'member', { enumerable: true, get: thrower })
}
