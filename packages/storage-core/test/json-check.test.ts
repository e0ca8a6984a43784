import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkJsonText } from '../src/json/check.ts'

test.each([
  '0',
  'null',
  '""',
  ' {"a": [1.5e+3, -0, "\\u0000"]} ',
  '"é"',
  String.raw`"\ud83d"`,
  '{"a":1,"a":2}',
])('accepts %j', (text) => {
  expect(checkJsonText(text)).toBeNull()
})

test.each<[string, string]>([
  ['', 'unexpected end'],
  ['NaN', 'unexpected character at position 0'],
  ['[1, -Infinity]', 'unexpected character at position 4'],
  ['{"token": secret}', 'unexpected character at position 10'],
  ['"sec\nret"', 'a string that is not allowed at position 0'],
  ['"\ud83d"', 'it holds half a surrogate pair'],
])('refuses %j', (text, why) => {
  expect(checkJsonText(text)).toBe(`is not JSON: ${why}`)
})

test('500 levels are fine, one more is not, brackets in strings do not count', () => {
  const wrapped = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels)
  expect(checkJsonText(wrapped(500))).toBeNull()
  expect(checkJsonText(wrapped(501))).toBe('nests deeper than 500 levels')
  expect(checkJsonText('{"":'.repeat(501) + '0' + '}'.repeat(501))).toBe('nests deeper than 500 levels')
  expect(checkJsonText(`[${Array.from({ length: 600 }, () => '[{}]').join(',')}]`)).toBeNull()
  expect(checkJsonText(`["${String.raw`\"[\\`.repeat(1000)}", "${'{'.repeat(2000)}"]`)).toBeNull()
})

test('text that nests 100 000 levels is refused, complete or not', () => {
  expect(checkJsonText('['.repeat(100_000) + ']'.repeat(100_000))).toBe('nests deeper than 500 levels')
  expect(checkJsonText('{"a":'.repeat(100_000))).toBe('nests deeper than 500 levels')
  expect(checkJsonText('['.repeat(1000))).toBe('is not JSON: unexpected end')
})

test('an integer may have 4 300 digits; fractions and strings may have more', () => {
  expect(checkJsonText(`[-${'9'.repeat(4300)}]`)).toBeNull()
  expect(checkJsonText(`[-${'9'.repeat(4301)}]`)).toBe('holds an integer of more than 4300 digits')
  expect(checkJsonText(`{"${'9'.repeat(4301)}": 0.${'9'.repeat(4301)}}`)).toBeNull()
  expect(checkJsonText(`[${'9'.repeat(4301)}e0, ${'9'.repeat(4301)}.5, 1e${'0'.repeat(4301)}]`)).toBeNull()
})

test('what is not a string is refused', () => {
  expect(checkJsonText(5 as unknown as string)).toBe('is not a string')
})

test('accepts and refuses what JSON.parse does, also above the length from which the text is scanned', () => {
  const pieces = [
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '\\',
    '"a"',
    '1',
    '-',
    '.5',
    'e3',
    'true',
    'null',
    ' ',
    '\n',
    'NaN',
    String.raw`\u00e9`,
  ]
  const text = fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((parts) => parts.join(''))
  fc.assert(
    fc.property(fc.oneof(text, fc.json()), fc.boolean(), (middle, long) => {
      const whole = long ? `[${middle}, "${'x'.repeat(1000)}"]` : middle
      let valid = true
      try {
        JSON.parse(whole)
      } catch {
        valid = false
      }
      expect(checkJsonText(whole) === null).toBe(valid)
    }),
    { numRuns: 3000 },
  )
})
