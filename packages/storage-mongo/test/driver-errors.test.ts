import { createRequire } from 'node:module'
import { inspect } from 'node:util'
import * as driver from 'mongodb'
import { expect, test } from 'vitest'
import { mapError } from '../src/errors.ts'

/** The driver keeps its errors about pools to itself. */
const pools = createRequire(import.meta.url)('mongodb/lib/cmap/errors.js') as Readonly<
  Record<string, unknown>
>

type Made = new (given: object, options?: object) => Error
const isOfNetwork = (one: unknown): one is Made =>
  typeof one === 'function' &&
  (one === driver.MongoNetworkError || one.prototype instanceof driver.MongoNetworkError)

test.each(Object.entries({ ...driver, ...pools }).filter(([, one]) => isOfNetwork(one)))(
  'what the driver calls %s is a lost connection, of which nothing is known',
  (_, one) => {
    const cause = new (one as Made)({ address: 'h:1', serverDescription: { error: null } })
    const error = mapError(cause, { outcome: 'unknown', steady: true, reached: true, elapsedMs: 1 })
    expect(`${error.code} ${error.outcome}`).toBe('STORAGE_UNAVAILABLE unknown')
  },
)

test.each([13, 8000, 99_999])(
  'what a server says with code %i may quote the command, and is not shown',
  (code) => {
    const message =
      'not authorized on d to execute command { insert: "c", documents: [ { _id: "hunter2" } ] }'
    const cause = new driver.MongoServerError({ message, code })
    const error = mapError(cause, { outcome: 'unknown', steady: true, reached: true, elapsedMs: 1 })
    expect(`${inspect(error, { depth: 10 })} ${JSON.stringify(error)}`).not.toContain('hunter2')
  },
)
