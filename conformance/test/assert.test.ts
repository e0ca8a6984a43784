import { ConflictError, UnsupportedError, pyFloat } from '@dir/storage-core'
import { describe, expect, test } from 'vitest'
import { AssertionFailure, createAssert } from '../src/assert.ts'

const holds = (actual: unknown, expected: unknown): boolean => {
  try {
    createAssert().equal(actual, expected, 'the same')
    return true
  } catch (error) {
    if (error instanceof AssertionFailure) return false
    throw error
  }
}

describe('equal', () => {
  test.each([
    ['null', null, null],
    ['NaN', NaN, NaN],
    ['members in another order', { a: 1, b: [2] }, { b: [2], a: 1 }],
    ['an object without prototype', Object.assign(Object.create(null) as object, { a: 1 }), { a: 1 }],
    ['a bigint', [1n], [1n]],
    ['a Python float', { a: pyFloat(67) }, { a: pyFloat(67) }],
    ['__proto__ as a member', JSON.parse('{"__proto__": 1}'), JSON.parse('{"__proto__": 1}')],
  ])('takes %s', (_, actual, expected) => {
    expect(holds(actual, expected)).toBe(true)
  })

  test.each([
    ['null and undefined', null, undefined],
    ['undefined and missing', { a: undefined }, {}],
    ['a member too many', { a: 1, b: 2 }, { a: 1 }],
    ['a member too few', { a: 1 }, { a: 1, b: 2 }],
    ['-0 and 0', -0, 0],
    ['a bigint and a number', 1n, 1],
    ['a Python float and a number', pyFloat(67), 67],
    ['two Python floats', pyFloat(67), pyFloat(68)],
    ['a list in another order', [1, 2], [2, 1]],
    ['a longer list', [1, 2], [1]],
    ['a list and an object', [], {}],
    ['two dates', new Date(0), new Date(1)],
    ['two maps', new Map([[1, 2]]), new Map()],
    ['an inherited member', Object.create({ a: 1 }), { a: 1 }],
    ['__proto__ as a member and none', JSON.parse('{"__proto__": 1}'), {}],
  ])('tells %s apart', (_, actual, expected) => {
    expect(holds(actual, expected)).toBe(false)
  })
})

describe('rejects', () => {
  const refused = () => Promise.reject(new UnsupportedError('claim', 'Elsewhere.'))

  test('returns the error, and counts as one statement', async () => {
    const assert = createAssert()
    const error = await assert.rejects(refused, 'STORAGE_UNSUPPORTED', 'refused', { capability: 'claim' })
    expect(error.message).toBe('Not supported: claim. Elsewhere.')
    expect(assert.count).toBe(1)
  })

  test.each([
    ['an answer', () => Promise.resolve(1), 'the answer 1'],
    ['another code', () => Promise.reject(new ConflictError('No.')), "a rejection with 'STORAGE_CONFLICT'"],
    ['another field', () => Promise.reject(new UnsupportedError('budget', '')), "{ capability: 'budget' }"],
    ['an error of no code', () => Promise.reject(new TypeError('no')), "a rejection with 'TypeError'"],
    [
      'an exception at once',
      (): Promise<unknown> => {
        throw new TypeError('no')
      },
      'an exception instead of a rejected promise',
    ],
  ])('fails on %s', async (_, call, seen) => {
    const assert = createAssert()
    const failure = await assert
      .rejects(call, 'STORAGE_UNSUPPORTED', 'refused', { capability: 'claim' })
      .catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(AssertionFailure)
    expect((failure as AssertionFailure).actual).toContain(seen)
    expect(assert.count).toBe(1)
  })
})

test('ok and fail', () => {
  const assert = createAssert()
  assert.ok(true, 'yes')
  expect(() => assert.ok(false, 'no')).toThrow(AssertionFailure)
  expect(() => assert.fail('not here')).toThrow('not here')
  expect(assert.count).toBe(3)
})
