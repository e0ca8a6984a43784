/* oxlint-disable unicorn/no-useless-spread -- rows keep the tables short */
// What breaks the rules for arguments, kind by kind. Every value of a list is refused wherever its kind is asked for.

const NOT_STRINGS: readonly unknown[] = [
  ...[undefined, 0, 5, Number.NaN, true, 5n, {}, { $ne: null }, [], ['x'], new String('x'), Symbol('x')],
  ...[() => 'x', new Date(0), Buffer.from('x'), { toString: () => 'x' }],
]
const NOT_TEXT: readonly unknown[] = [
  ...NOT_STRINGS,
  ...['\ud800', 'a\udc00', '\udc00\ud800', `😀${'\ud83d'}`],
  ...['\0', '\0a', 'a\0', 'a\0b'],
]

/** No ids, nor null. */
export const ID_OR_NULL: readonly unknown[] = [
  ...NOT_TEXT,
  ...['', 'x'.repeat(513), 'é'.repeat(257), '😀'.repeat(129)],
]

export const ID: readonly unknown[] = [null, ...ID_OR_NULL]

/** No free text, which has at most 64 KiB, nor null. */
export const TEXT_OR_NULL: readonly unknown[] = [...NOT_TEXT, 'x'.repeat(65_537), 'é'.repeat(32_769)]

export const TEXT: readonly unknown[] = [null, ...TEXT_OR_NULL]

/** No tokens, current or not. */
export const TOKEN: readonly unknown[] = [...NOT_STRINGS, '', null]

/** Nothing to compare a stored text with. */
export const EXPECTED: readonly unknown[] = NOT_STRINGS

/** No JSON text. */
export const JSON_TEXT: readonly unknown[] = [
  ...[...NOT_STRINGS, null, '', ' ', '[] []', '// x\n1', '"\n"', '"\ud800"', '\0'],
  ...String.raw`undefined NaN Infinity -Infinity { [1,] {"a":1,} {'a':1} {a:1} 01 +1 1. .5 0x1 "a "\x41" tru`.split(
    ' ',
  ),
  ...['\ufeff{}', '['.repeat(501) + ']'.repeat(501), '1'.repeat(4_301), `[-${'1'.repeat(4_301)}]`],
]

/** Nothing that is encoded as a JSON object, nor null. */
export const OBJECT_OR_NULL: readonly unknown[] = [
  ...[
    undefined,
    0,
    true,
    'x',
    '{}',
    [],
    [1],
    new Date(0),
    new Map(),
    new Set(),
    /x/,
    () => ({}),
    Symbol('x'),
  ],
  ...[new (class Result {})(), cyclic(), nested(501), { digits: 10n ** 4_300n }, unreadable()],
]

export const OBJECT: readonly unknown[] = [null, ...OBJECT_OR_NULL]

function cyclic(): object {
  const object: Record<string, unknown> = {}
  object['self'] = [object]
  return object
}

function nested(levels: number): object {
  let object: object = {}
  for (let level = 1; level < levels; level++) object = { object }
  return object
}

function unreadable(): object {
  return {
    get member() {
      throw new Error('is not for reading')
    },
  }
}

const NOT_NUMBERS: readonly unknown[] = [
  ...[undefined, null, '', '5', 'x', '0x10', true, 5n, {}, [], [5], new Number(5), Symbol('x'), new Date(5)],
  ...[Number.NaN, Infinity, -Infinity],
]

export const AMOUNT: readonly unknown[] = [
  ...[...NOT_NUMBERS, -1, -1e-6, -Number.MIN_VALUE],
  ...[9_007_199_254.000_01, 9_007_199_255, 2 ** 53, Number.MAX_VALUE],
]

export const INT32: readonly unknown[] = [
  ...[...NOT_NUMBERS, 1.5, 0.1, 5e-324, 2 ** 31, -(2 ** 31) - 1, 2 ** 53, 1e300],
]

export const COUNT: readonly unknown[] = [...INT32, -1, -(2 ** 31)]

export const SEQUENCE: readonly unknown[] = [...NOT_NUMBERS, -1, 1.5, 2 ** 53, 1e300]

export const FLAG: readonly unknown[] = [undefined, null, 0, 1, 'true', {}, [], Object(true), Symbol('x')]

export const SIGNAL: readonly unknown[] = [
  ...[undefined, null, true, 'x', {}, { aborted: false }, new AbortController(), new EventTarget()],
]

export const SECONDS: readonly unknown[] = [...NOT_NUMBERS, -1, -1e-9, 1e9 + 1, 2 ** 53]

/** No length of a lease or a window, which is more than 0 seconds. */
export const DURATION: readonly unknown[] = [...SECONDS, 0, -0]

export const TIME: readonly unknown[] = [
  ...[...NOT_STRINGS, null, '', 'now', '2026', '2026-03', '2026-3-1', '20260301', '1772355600', '03/01/2026'],
  ...['2026-02-30', '2026-13-01', '2026-00-10', ' 2026-03-01', '2026-03-01 ', '2026-03-01Z', '2026-03-01T'],
  ...[
    '2026-03-01T10',
    '2026-03-01T10:00',
    '2026-03-01T24:00:00',
    '2026-03-01T10:60:00',
    '2026-03-01T10:00:60',
  ],
  ...[
    '2026-03-01T10:00:00+25:00',
    '2026-03-01T10:00:00 CET',
    '2026-03-01T10:00:00.Z',
    '2026-03-01T10:00:00ZZ',
  ],
]

/** Nothing with named members. */
export const RECORD: readonly unknown[] = [
  ...[undefined, null, 0, true, 'x', [], new Map(), new Date(0), () => ({}), Symbol('x')],
]

const UNKNOWN_MEMBERS: readonly unknown[] = [
  ...[
    { capacites: {} },
    { Fence: 1 },
    { [Symbol('fence')]: 1 },
    { toString: 1 },
    JSON.parse('{"__proto__": 1}'),
  ],
]

/** No options, which may be left out. */
export const OPTIONS: readonly unknown[] = [...RECORD.slice(1), ...UNKNOWN_MEMBERS]

/** For a member that may be left out: undefined is nothing bad there. */
export function given(values: readonly unknown[]): readonly unknown[] {
  return values.filter((value) => value !== undefined)
}
