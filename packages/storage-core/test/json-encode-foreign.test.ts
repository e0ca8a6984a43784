import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { dumpsJsonDict } from '../src/json/encode.ts'

class Point {
  readonly x = 1
  readonly #hidden = 2
  sum(): number {
    return this.x + this.#hidden
  }
}

class Named {
  toString(): string {
    return 'a name'
  }
}

const error = Object.assign(new TypeError('bad'), { code: 'E' })
test.each<[string, unknown, string]>([
  ['a Date', new Date(0), '"1970-01-01T00:00:00.000Z"'],
  ['an invalid Date', new Date(Number.NaN), 'null'],
  [
    'toJSON, with the key',
    { k: { toJSON: (key: unknown) => [key, new Date(0)] } },
    '{"k": ["k", "1970-01-01T00:00:00.000Z"]}',
  ],
  ['toJSON in an array', [{ toJSON: (key: unknown) => key }], '["0"]'],
  [
    'toJSON that gives undefined',
    { a: { toJSON: () => undefined }, b: [{ toJSON: () => undefined }] },
    '{"b": [null]}',
  ],
  ['a toJSON key that is data', { toJSON: 4 }, '{"toJSON": 4}'],
  ['undefined', { a: undefined, b: [undefined, 1] }, '{"b": [null, 1]}'],
  ['only undefined', { a: undefined }, '{}'],
  // oxlint-disable-next-line no-sparse-arrays
  ['a hole', [1, , 2], '[1, null, 2]'],
  [
    'a Map',
    new Map([
      ['b', new Set([1, 'x'])],
      ['a', undefined],
    ]),
    '{"b": [1, "x"]}',
  ],
  ['an empty Map and Set', [new Map(), new Set()], '[{}, []]'],
  ['a symbol', Symbol('s'), '"Symbol(s)"'],
  ['an Error', error, '"TypeError: bad"'],
  ['a RegExp', /a"b/g, String.raw`"/a\"b/g"`],
  ['a class with data', new Point(), '{"x": 1}'],
  ['a class without data', new Named(), '"a name"'],
  [
    'boxed primitives',
    [Object(1), Object('é'), Object(false), Object(2n), Object(Symbol('s'))],
    String.raw`[1, "\u00e9", false, 2, "Symbol(s)"]`,
  ],
  ['an object without prototype', Object.assign(Object.create(null), { a: 1 }), '{"a": 1}'],
  [
    'objects of another realm',
    runInNewContext('[{}, { a: [] }, new Map([["k", 1]]), new Error("e")]'),
    '[{}, {"a": []}, {"k": 1}, "Error: e"]',
  ],
  ['symbol keys', { [Symbol('s')]: 1 }, '{}'],
])('%s', (_, value, json) => {
  expect(dumpsJsonDict(value)).toBe(json)
})

test('a function is its source', () => {
  const double = (x: number): number => x * 2
  expect(dumpsJsonDict({ double })).toBe(`{"double": ${JSON.stringify(String(double))}}`)
})

test('a toJSON that returns its object, or a copy with the same toJSON, is asked once', () => {
  const own = { a: 1 }
  Object.defineProperty(own, 'toJSON', { value: () => own })
  expect(dumpsJsonDict(own)).toBe('{"a": 1}')
  class Copying {
    readonly a = 1
    toJSON(): Copying {
      return Object.assign(new Copying(), this)
    }
  }
  expect(dumpsJsonDict(new Copying())).toBe('{"a": 1}')
})
