import { readFile } from 'node:fs/promises'
import net from 'node:net'
import { expect, test } from 'vitest'
import {
  type AnyStorageError,
  ConfigurationError,
  InsufficientCapacityError,
  InternalError,
  type StorageErrorCode,
  UnavailableError,
  isStorageError,
} from '../src/index.ts'

function causeOf(cause: unknown, causeText?: string): unknown {
  const context = causeText === undefined ? { cause } : { cause, causeText }
  return new UnavailableError('It cannot be reached.', 'connect', context).cause
}
const quoting = Object.assign(new Error('unknown field in {"find": "secret"}'), {
  name: 'ServerError',
  code: 13,
  codeName: 'Unauthorized',
})

test("of a driver's error the name and the codes are kept, of its message what is said to be safe", () => {
  expect(causeOf(quoting)).toEqual({ name: 'ServerError', message: '', code: 13, codeName: 'Unauthorized' })
  expect(causeOf(quoting, 'not authorized')).toEqual({
    name: 'ServerError',
    message: 'not authorized',
    code: 13,
    codeName: 'Unauthorized',
  })
  expect(causeOf(quoting, 'at postgres://me:secret@host/db')).toEqual({
    name: 'ServerError',
    message: 'at postgres://***@host/db',
    code: 13,
    codeName: 'Unauthorized',
  })
})

test('what is no word is no name and no code', () => {
  const odd = Object.assign(new Error(''), { name: 'quotes "secret"', code: 'E11000 dup key: { secret }' })
  expect(causeOf(odd)).toEqual({ name: 'object', message: '' })
  expect(causeOf('secret')).toEqual({ name: 'string', message: '' })
  expect(causeOf(null)).toEqual({ name: 'object', message: '' })
})

test('what the operating system says is kept', async () => {
  const { promise, resolve } = Promise.withResolvers<Error>()
  net.connect({ host: 'localhost', port: 1 }).on('error', resolve) // one error for each address
  expect(causeOf(await promise)).toEqual({
    name: expect.stringMatching(/^(Aggregate)?Error$/),
    message: expect.stringMatching(/^connect ECONNREFUSED .*:1$/),
    code: 'ECONNREFUSED',
  })
  const missing = await readFile('/no such file').catch((error: unknown) => error)
  expect(causeOf(missing)).toEqual({
    name: 'Error',
    code: 'ENOENT',
    message: "ENOENT: no such file or directory, open '/no such file'",
  })
})

test('an unknown failure tells where it came from, and not what it quotes', () => {
  const cause = new TypeError('cannot read "secret\n    at secret (file)"')
  const error = new InternalError('Unexpected.', { cause })
  expect(error.cause).toEqual({ name: 'TypeError', message: expect.stringMatching(/^at .*errors\.test\.ts/) })
  expect(JSON.stringify(error.cause)).not.toContain('secret')
})

test('an error of the settings may have a cause and an outcome', () => {
  const error = new ConfigurationError('Set it.', 'a', 'b', 'c', { cause: quoting, outcome: 'unknown' })
  expect({ outcome: error.outcome, retryable: error.retryable }).toEqual({
    outcome: 'unknown',
    retryable: false,
  })
  expect(error.cause).toEqual({ name: 'ServerError', message: '', code: 13, codeName: 'Unauthorized' })
})

test('a code narrows an error to its class', () => {
  const thrown: unknown = new InsufficientCapacityError('r', 3, 2, 4)
  expect(isStorageError(thrown, 'STORAGE_INSUFFICIENT_CAPACITY') && thrown.locked).toBe(2)
  expect(isStorageError(thrown, 'STORAGE_CONFLICT')).toBe(false)
  expect(isStorageError(new Error('other'), 'STORAGE_CONFLICT')).toBe(false)

  const fieldOf = (error: AnyStorageError): unknown => {
    switch (error.code) {
      case 'STORAGE_INSUFFICIENT_CAPACITY':
        return error.requested
      case 'STORAGE_IN_FLIGHT':
        return error.until
      default:
        return error.code satisfies StorageErrorCode
    }
  }
  expect(isStorageError(thrown) && fieldOf(thrown)).toBe(3)
})
