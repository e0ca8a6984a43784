import { describe, expect, test } from 'vitest'
import { loadsJson } from '../src/json/decode.ts'
import { dumpsJsonDict, pyFloat } from '../src/json/encode.ts'
import { refusalOf } from './json-refusal.ts'

function refusal(text: unknown, lossless: boolean): string {
  const [argument, reason] = refusalOf(() => loadsJson(text as string, { lossless }))
  return `${argument} ${reason}`
}

describe.each([false, true])('lossless: %s', (lossless) => {
  const load = (text: string): unknown => loadsJson(text, { lossless })

  test('reads what Python writes beyond the standard', () => {
    expect(load('[NaN, Infinity, -Infinity, 1]')).toEqual([Number.NaN, Infinity, -Infinity, 1])
    expect(load(' NaN\n')).toBe(Number.NaN)
  })

  test('keeps __proto__ an ordinary own key', () => {
    for (const text of [
      '{"__proto__":{"x":1},"a":1}',
      '{"__proto__":{"x":1},"a":NaN}',
      '{"__proto__":{"x":1},"a":1.5}',
    ]) {
      const value = load(text) as Record<string, unknown>
      expect(Object.keys(value)).toEqual(['__proto__', 'a'])
      expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
      expect(Object.getOwnPropertyDescriptor(value, '__proto__')?.value).toEqual({ x: 1 })
      expect(value['x']).toBeUndefined()
    }
  })

  test('of equal keys the last wins, in the place of the first', () => {
    for (const tail of ['0', 'NaN', '0.5']) {
      const text = `{"b":1,"__proto__":1,"a":2,"b":3,"__proto__":4,"n":${tail}}`
      expect(dumpsJsonDict(load(text), { sortKeys: false })).toMatch(/^{"b": 3, "__proto__": 4, "a": 2, /)
    }
  })

  test('reads strings, escapes and lone surrogates', () => {
    expect(load(String.raw`["\ud83d", "\"\\\/\n", "a\\", "é", 1.5, NaN]`)).toEqual([
      '\ud83d',
      '"\\/\n',
      'a\\',
      'é',
      1.5,
      Number.NaN,
    ])
  })

  test('reads 1 000 levels and refuses more, without using the stack', () => {
    const wrapped = (levels: number, inner: string): string => '['.repeat(levels) + inner + ']'.repeat(levels)
    expect(load(wrapped(1000, ''))).toBeInstanceOf(Array)
    expect(load(wrapped(1000, 'NaN'))).toBeInstanceOf(Array)
    expect(load(wrapped(1000, '1.5'))).toBeInstanceOf(Array)
    for (const text of [
      wrapped(1001, ''),
      wrapped(1001, 'NaN'),
      wrapped(100_000, '1.0'),
      '[{"a":'.repeat(100_000),
    ]) {
      expect(refusal(text, lossless)).toBe('text nests deeper than 1000 levels')
    }
    expect(load(JSON.stringify('['.repeat(5000)))).toBe('['.repeat(5000))
  })

  test('refuses an integer of more than 4 300 digits, as Python does', () => {
    expect(refusal(`[${'9'.repeat(4301)}]`, lossless)).toBe('text holds an integer of more than 4300 digits')
    expect(load(`[0.${'9'.repeat(5000)}]`)).toEqual([lossless ? pyFloat(1) : 1])
    expect(load(`["${'9'.repeat(5000)}"]`)).toEqual(['9'.repeat(5000)])
  })

  test.each<[string, string]>([
    ['', 'unexpected end'],
    ['[1', 'unexpected end'],
    ['"secret', 'unexpected end'],
    ['"secret\\"', 'unexpected end'],
    ['{"a" 1}', 'unexpected character at position 5'],
    ['{a:1}', 'unexpected character at position 1'],
    ['[1,]', 'unexpected character at position 3'],
    ['{"a":1,}', 'unexpected character at position 7'],
    ['[1] secret', 'unexpected character at position 4'],
    ['01', 'unexpected character at position 1'],
    ['1.', 'unexpected character at position 1'],
    ['.5', 'unexpected character at position 0'],
    ['+1', 'unexpected character at position 0'],
    ['-NaN', 'unexpected character at position 0'],
    ['nul', 'unexpected character at position 0'],
    ['True', 'unexpected character at position 0'],
    ['\ufeff1', 'unexpected character at position 0'],
    ['\u00a01', 'unexpected character at position 0'],
    ["'a'", 'unexpected character at position 0'],
    ['["a\tb"]', 'a string that is not allowed at position 1'],
    [String.raw`["\x41"]`, 'a string that is not allowed at position 1'],
    [String.raw`["\ud83"]`, 'a string that is not allowed at position 1'],
  ])('refuses %j', (text, why) => {
    expect(refusal(text, lossless)).toBe(`text is not JSON: ${why}`)
  })

  test('refuses what is not a string', () => {
    expect(refusal(5, lossless)).toBe('text is not a string')
  })
})

test('without loss, numbers keep what Python knows', () => {
  const text =
    '[9007199254740991, 9007199254740992, -12345678901234567890, 67.0, 1e22, -0.0, -0, 0.5, 1E2, 1e400]'
  expect(loadsJson(text, { lossless: true })).toEqual([
    9007199254740991,
    9007199254740992n,
    -12345678901234567890n,
    pyFloat(67),
    pyFloat(1e22),
    pyFloat(-0),
    0,
    0.5,
    pyFloat(100),
    Infinity,
  ])
  expect(dumpsJsonDict(loadsJson('[-0, -0.0]', { lossless: true }))).toBe('[0, -0.0]')
})

test('otherwise numbers are plain, and no integer is rounded', () => {
  const text =
    '[9007199254740991, 9007199254740993, 67.0, 1e22, -0.0, -0, 0.5, 1e400, {"id": -12345678901234567890}]'
  const value = [
    9007199254740991,
    9007199254740993n,
    67,
    1e22,
    -0,
    0,
    0.5,
    Infinity,
    { id: -12345678901234567890n },
  ]
  expect(loadsJson(text)).toEqual(value)
  expect(loadsJson(text.replace(/]$/, ', NaN]'))).toEqual([...value, Number.NaN])
})
