import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { checkJsonText } from '../src/json/check.ts'
import { loadsJson } from '../src/json/decode.ts'
import { dumpsJsonDict } from '../src/json/encode.ts'

// Made by CPython: `expected` is json.dumps(json.loads(input), sort_keys=True, default=str).
interface Vector {
  readonly name: string
  readonly input: string
  readonly expected: string
  /** `ambiguous`: a plain JavaScript number loses what Python knows, such as 67.0. */
  readonly numbers: 'exact' | 'ambiguous'
}

const vectors = readFileSync(new URL('fixtures/json-vectors.jsonl', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as Vector)

test('there are 400 vectors, 65 of them ambiguous', () => {
  expect(vectors).toHaveLength(400)
  expect(vectors.filter(({ numbers }) => numbers === 'ambiguous')).toHaveLength(65)
})

test.each(vectors)('$name: read without loss, it is written as Python writes it', ({ input, expected }) => {
  // Python writes the float 1e400 as Infinity, which is not JSON; we write a string.
  const json = /^-?Infinity$/.test(expected) ? `"${expected}"` : expected
  expect(dumpsJsonDict(loadsJson(input, { lossless: true }))).toBe(json)
  expect(dumpsJsonDict(loadsJson(expected, { lossless: true }))).toBe(json)
  expect(checkJsonText(json)).toBeNull()
  expect(checkJsonText(input) === null).toBe(input.isWellFormed())
})

test.each(vectors.filter(({ numbers }) => numbers === 'exact'))(
  '$name: parsed plainly, it is written as Python writes it',
  ({ input, expected }) => {
    expect(dumpsJsonDict(JSON.parse(input))).toBe(expected)
    expect(loadsJson(input)).toEqual(JSON.parse(input))
  },
)
