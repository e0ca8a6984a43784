import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { failedScript, mapError } from '../src/errors.ts'

const reply = (message: string): Error => Object.assign(new Error(message), { name: 'ReplyError' })

/** Replies of servers, and what they mean; whatever the server refused was not applied. */
const REPLIES: readonly (readonly [string, string])[] = [
  ["OOM command not allowed when used memory > 'maxmemory'.", 'STORAGE_FULL'],
  ['MISCONF Errors writing to the AOF file: No space left on device', 'STORAGE_FULL'],
  ["READONLY You can't write against a read only replica.", 'STORAGE_READ_ONLY'],
  ['MASTERDOWN Link with MASTER is down', 'STORAGE_READ_ONLY'],
  ['LOADING Redis is loading the dataset in memory', 'STORAGE_UNAVAILABLE'],
  ['BUSY Redis is busy running a script.', 'STORAGE_UNAVAILABLE'],
  ['UNKILLABLE Sorry the script already executed write commands', 'STORAGE_UNAVAILABLE'],
  ['CLUSTERDOWN The cluster is down', 'STORAGE_UNAVAILABLE'],
  ['TRYAGAIN Multiple keys request during rehashing of slot', 'STORAGE_UNAVAILABLE'],
  ['NOREPLICAS Not enough good replicas to write.', 'STORAGE_UNAVAILABLE'],
  ['WRONGTYPE events', 'STORAGE_STORED_DATA'],
  ['DIRDATA session', 'STORAGE_STORED_DATA'],
  ['NOAUTH Authentication required.', 'STORAGE_AUTH'],
  ['WRONGPASS invalid username-password pair or user is disabled.', 'STORAGE_AUTH'],
  ["NOPERM this user has no permissions to run the 'evalsha' command", 'STORAGE_PERMISSION'],
  ["CROSSSLOT Keys in request don't hash to the same slot", 'STORAGE_CONFIGURATION'],
  ['MOVED 3999 127.0.0.1:6381', 'STORAGE_CONFIGURATION'],
  ['ASK 3999 127.0.0.1:6381', 'STORAGE_CONFIGURATION'],
  ['DIRSCHEMA 2', 'STORAGE_SCHEMA'],
  ['ERR something new', 'STORAGE_INTERNAL'],
]

test.each(REPLIES)('%s is %s', (message, code) => {
  const error = mapError(reply(message), 'unknown')
  expect([error.code, error.outcome]).toEqual([code, 'not-applied'])
})

/** What ioredis says of a connection; what is known of the call is for its sender to say. */
const FAILURES: readonly (readonly [Error, string])[] = [
  [
    Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' }),
    'STORAGE_UNAVAILABLE',
  ],
  [Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }), 'STORAGE_UNAVAILABLE'],
  [Object.assign(new Error('getaddrinfo ENOTFOUND redis'), { code: 'ENOTFOUND' }), 'STORAGE_UNAVAILABLE'],
  [new Error('Connection is closed.'), 'STORAGE_UNAVAILABLE'],
  [new Error("Stream isn't writeable and enableOfflineQueue options is false"), 'STORAGE_UNAVAILABLE'],
  [
    Object.assign(new Error('Reached the max retries per request limit (which is 0).'), {
      name: 'MaxRetriesPerRequestError',
    }),
    'STORAGE_UNAVAILABLE',
  ],
  [
    Object.assign(new Error('Failed to refresh slots cache.'), { name: 'ClusterAllFailedError' }),
    'STORAGE_UNAVAILABLE',
  ],
  [new TypeError('undefined is not a function'), 'STORAGE_INTERNAL'],
]

test.each(FAILURES)('%s is %s', (cause, code) => {
  for (const outcome of ['unknown', 'not-applied'] as const) {
    const error = mapError(cause, outcome)
    expect([error.code, error.outcome]).toEqual([code, outcome])
  }
})

test('an answer that is lost, and a script that failed half-way, are of unknown outcome', () => {
  const lost = mapError(reply('DIRCALL this call was made before'), 'not-applied')
  expect([lost.code, lost.outcome]).toEqual(['STORAGE_UNAVAILABLE', 'unknown'])
  const failed = failedScript('DIRDATA session', 2)
  expect([failed.code, failed.outcome]).toEqual(['STORAGE_INTERNAL', 'unknown'])
})

test('no password and no command of the client is reachable from an error', () => {
  const cause = Object.assign(new Error('connect ECONNREFUSED redis://user:hunter2@host:1'), {
    code: 'ECONNREFUSED',
    command: { name: 'auth', args: ['hunter2'] },
    previousErrors: [new Error('hunter2')],
  })
  const error = mapError(cause, 'not-applied')
  expect(`${inspect(error, { depth: 10 })} ${JSON.stringify(error)}`).not.toContain('hunter2')
})
