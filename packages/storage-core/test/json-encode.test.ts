import { describe, expect, test } from 'vitest'
import { InvalidArgumentError } from '../src/errors/index.ts'
import { dumpsJsonDict, PyFloat, pyFloat } from '../src/json/encode.ts'
import { refusalOf } from './json-refusal.ts'

function refusal(value: unknown): string {
  const [argument, reason] = refusalOf(() => dumpsJsonDict(value))
  return `${argument} ${reason}`
}

describe('numbers', () => {
  test.each<[unknown, string]>([
    [0, '0'],
    [-0, '-0.0'],
    [67, '67'],
    [-9007199254740991, '-9007199254740991'],
    [9007199254740992, '9007199254740992.0'],
    [1e16, '1e+16'],
    [9999999999999998, '9999999999999998.0'],
    [1e22, '1e+22'],
    [1.5e300, '1.5e+300'],
    [0.1, '0.1'],
    [0.0001, '0.0001'],
    [0.00001, '1e-05'],
    [-1.5e-7, '-1.5e-07'],
    [5e-324, '5e-324'],
    [1.7976931348623157e308, '1.7976931348623157e+308'],
    [pyFloat(67), '67.0'],
    [pyFloat(-0), '-0.0'],
    [pyFloat(0.5), '0.5'],
    [pyFloat(1e16), '1e+16'],
    [pyFloat(Number.NaN), '"NaN"'],
    [123456789012345678901234567890n, '123456789012345678901234567890'],
    [-1n, '-1'],
    [Number.NaN, '"NaN"'],
    [Infinity, '"Infinity"'],
    [-Infinity, '"-Infinity"'],
  ])('%o is %s', (value, json) => {
    expect(dumpsJsonDict(value)).toBe(json)
  })

  test('a PyFloat is its number for JSON.stringify and in arithmetic', () => {
    expect(JSON.stringify({ a: pyFloat(67) })).toBe('{"a":67}')
    expect(Number(pyFloat(67)) + 1).toBe(68)
    expect(pyFloat(67)).toEqual(new PyFloat(67))
    expect(() => pyFloat('67' as unknown as number)).toThrow(InvalidArgumentError)
  })

  test('an integer of 4 300 digits is written and one of 4 301 refused', () => {
    expect(dumpsJsonDict(-(10n ** 4300n - 1n))).toBe(`-${'9'.repeat(4300)}`)
    expect(refusal([1, 10n ** 4300n])).toBe('value at [1]: an integer of more than 4300 digits')
    expect(refusal(-(10n ** 4300n))).toBe('value at the top: an integer of more than 4300 digits')
  })
})

describe('strings and keys', () => {
  test.each<[string, string]>([
    ['', '""'],
    ['a/b', '"a/b"'],
    ['"\\\b\f\n\r\t\u0000\u001f', String.raw`"\"\\\b\f\n\r\t\u0000\u001f"`],
    ['\u007f\u0080é', String.raw`"\u007f\u0080\u00e9"`],
    ['a\u{1f600}b', String.raw`"a\ud83d\ude00b"`],
    ['\ude00\ud83d', String.raw`"\ude00\ud83d"`],
    ['\u2028\ufeff\uffff', String.raw`"\u2028\ufeff\uffff"`],
  ])('%j is written as %s', (value, json) => {
    expect(dumpsJsonDict(value)).toBe(json)
  })

  test('keys sort by code point, lone surrogates among them', () => {
    const keys = [
      '\u{1f600}',
      '\ud83d',
      '\ud83da',
      '\u{1f600}a',
      '\u{1f601}',
      '\uffff',
      '\ue000',
      'b',
      'a',
      '',
      '\ude00',
    ]
    // UTF-32, most significant byte first, orders as code points do.
    const utf32 = (text: string): string =>
      Array.from(text, (one) => (one.codePointAt(0) ?? 0).toString(16).padStart(6, '0')).join('')
    const sorted = keys.toSorted((left, right) => (utf32(left) < utf32(right) ? -1 : 1))
    const json = dumpsJsonDict(Object.fromEntries(keys.map((key) => [key, 0])))
    expect(Object.keys(JSON.parse(json) as object)).toEqual(sorted)
  })

  test('unsorted, keys keep their order', () => {
    expect(dumpsJsonDict({ b: 1, a: { d: 2, c: 3 } }, { sortKeys: false })).toBe(
      '{"b": 1, "a": {"d": 2, "c": 3}}',
    )
    expect(dumpsJsonDict({ b: 1, a: { d: 2, c: 3 } })).toBe('{"a": {"c": 3, "d": 2}, "b": 1}')
    expect(
      dumpsJsonDict(
        new Map([
          ['2', 1],
          ['1', 2],
        ]),
        { sortKeys: false },
      ),
    ).toBe('{"2": 1, "1": 2}')
  })

  test('an own __proto__ is an ordinary key', () => {
    expect(dumpsJsonDict(JSON.parse('{"b":1,"__proto__":{"__proto__":2}}'))).toBe(
      '{"__proto__": {"__proto__": 2}, "b": 1}',
    )
  })

  test('objects of the same keys in other orders, numbers and values do not disturb each other', () => {
    const rows = [
      { a: 1, b: 2 },
      { b: 1, a: 2 },
      { a: 1 },
      { a: 1, c: 2 },
      { a: undefined, b: 3 },
      { a: 1, b: 2, c: 3 },
    ]
    expect(dumpsJsonDict(rows)).toBe(
      '[{"a": 1, "b": 2}, {"a": 2, "b": 1}, {"a": 1}, {"a": 1, "c": 2}, {"b": 3}, {"a": 1, "b": 2, "c": 3}]',
    )
    const wide = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`k${99 - index}`, index]))
    expect(JSON.parse(dumpsJsonDict([wide, wide]))).toEqual([wide, wide])
  })
})
