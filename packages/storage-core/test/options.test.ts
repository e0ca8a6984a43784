import { expect, test } from 'vitest'
import { storeOptions } from '../src/adapter.ts'

const KNOWN = ['namespace', 'poolSize', 'operationTimeoutMs', 'maxValueBytes', 'init', 'numbers'] as const

function refusal(given: unknown, places: readonly string[] = ['url', 'pool']): unknown {
  try {
    return storeOptions<string>(given, places, KNOWN)
  } catch (error) {
    return (error as Error).message
  }
}

test('a string alone is the first of the places', () => {
  expect(refusal('redis://host')).toEqual({ url: 'redis://host' })
  expect(refusal({ pool: 1, url: undefined, init: false })).toEqual({ pool: 1, url: undefined, init: false })
  expect(refusal({}, [])).toEqual({})
})

test('what is not set says so', () => {
  const hint = 'if it comes from an environment variable, that is not set.'
  expect(refusal(undefined)).toBe(`Invalid argument: options must be given, or the url alone; ${hint}`)
  expect(refusal({ url: undefined })).toBe(`Invalid argument: url must be given (or pool); ${hint}`)
  expect(refusal({ init: true }, ['path'])).toBe(`Invalid argument: path must be given; ${hint}`)
})

test.each([
  ['operationTimeout', 'operationTimeoutMs'],
  ['operationTimeOutMS', 'operationTimeoutMs'],
  ['timeoutMs', 'operationTimeoutMs'],
  ['poolsize', 'poolSize'],
  ['name_space', 'namespace'],
  ['URL', 'url'],
  ['maxValueByte', 'maxValueBytes'],
])('%s is named, and so is %s', (name, meant) => {
  expect(refusal({ url: 'x', [name]: 1 })).toBe(
    `Invalid argument: options must not have the unknown ${name}; ${meant} seems to be meant.`,
  )
})

test('an option that is like none is named with those that are known; what can be no name is not shown', () => {
  const known = 'known are url, pool, namespace, poolSize, operationTimeoutMs, maxValueBytes, init, numbers.'
  expect(refusal({ url: 'x', compress: 1 })).toBe(
    `Invalid argument: options must not have the unknown compress; ${known}`,
  )
  for (const name of ['redis://me:secret@host', 'x'.repeat(50), '', '0'])
    expect(refusal({ [name]: 1 })).toBe(`Invalid argument: options must not have an unknown member; ${known}`)
})
