import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { idempotencyKey } from '../src/helpers/idempotency-key.ts'
import { pyFloat } from '../src/json/encode.ts'
import { refusalOf } from './json-refusal.ts'

function refusal(params: unknown, dfid: unknown = 'd', stepId: unknown = 's'): readonly [string, string] {
  return refusalOf(() => idempotencyKey(dfid as string, stepId as string, params as Record<string, unknown>))
}

test('gives the key of the Python runtime', () => {
  expect(idempotencyKey('d', 's', { b: 1, a: 'é' })).toBe(
    '04b9cc83e3071c0c0387a2884ca0d94d776516a8bc955b013883f59a3cfc8b2f',
  )
  expect(idempotencyKey('d', 's', { a: 'é', b: 1 })).toBe(idempotencyKey('d', 's', { b: 1, a: 'é' }))
  const sha = createHash('sha256')
    .update('é:ż:{"a": [1, 67.0, 12345678901234567890, null, "\\ud83d"]}', 'utf8')
    .digest('hex')
  expect(idempotencyKey('é', 'ż', { a: [1, pyFloat(67), 12345678901234567890n, null, '\ud83d'] })).toBe(sha)
})

test('1, 1.0 and true give three keys', () => {
  expect(new Set([1, pyFloat(1), true, 1n].map((a) => idempotencyKey('d', 's', { a }))).size).toBe(3)
})

test('the separator is not escaped, as in the original', () => {
  expect(idempotencyKey('a:b', 'c', {})).toBe(idempotencyKey('a', 'b:c', {}))
})

describe('refuses', () => {
  test.each<[string, unknown]>([
    ['NaN', Number.NaN],
    ['an infinity', -Infinity],
    ['a PyFloat of NaN', pyFloat(Number.NaN)],
    ['undefined', undefined],
    ['a function', () => 1],
    ['a symbol', Symbol('secret')],
    ['a Date', new Date(0)],
    ['a Map', new Map()],
    ['a Set', new Set()],
    ['an Error', new Error('secret')],
    ['a RegExp', /secret/],
    ['a boxed string', Object('secret')],
    [
      'a class with data',
      new (class {
        secret = 1
      })(),
    ],
    ['a plain object with toJSON', { toJSON: () => 1 }],
    ['a Buffer', Buffer.from('secret')],
    ['a hole', Array(1)],
    ['a huge integer', 10n ** 4300n],
  ])('%s', (_, value) => {
    const [argument, reason] = refusal({ secret: [0, value] })
    expect(argument).toBe('params')
    expect(reason).toMatch(/^at \[0\]\[1\](\[0\])?: /)
    expect(reason).not.toContain('secret')
  })

  test.each<[unknown]>([[null], [[]], ['{}'], [undefined], [new Map()], [() => 1]])('params %s', (params) => {
    expect(refusal(params)).toEqual(['params', 'is not a plain object'])
  })

  test('a cycle', () => {
    const params: Record<string, unknown> = {}
    params['self'] = params
    expect(refusal(params)).toEqual(['params', 'at [0]: a cycle'])
  })

  test('half a surrogate pair in an id, and what is not a string', () => {
    expect(refusal({}, '\ud83d')[0]).toBe('dfid')
    expect(refusal({}, 'd', '\ude00')[0]).toBe('stepId')
    expect(refusal({}, 5)[0]).toBe('dfid')
    expect(refusal({}, 'd', null)[0]).toBe('stepId')
  })
})
