import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { failedScript, mapError } from '../src/errors.ts'

const reply = (message: string): Error => Object.assign(new Error(message), { name: 'ReplyError' })

type Row = readonly [reply: string, code: string, outcome: 'not-applied' | 'unknown', retryable: boolean]

/** Every first word that a server's errors begin with (`strings redis-server`), and those of this package's scripts. */
const REPLIES: readonly Row[] = [
  // said before anything is carried out
  ["OOM command not allowed when used memory > 'maxmemory'.", 'STORAGE_FULL', 'not-applied', false],
  ['MISCONF Errors writing to the AOF file: No space left on device', 'STORAGE_FULL', 'not-applied', false],
  ["READONLY You can't write against a read only replica.", 'STORAGE_READ_ONLY', 'not-applied', true],
  ['MASTERDOWN Link with MASTER is down', 'STORAGE_READ_ONLY', 'not-applied', true],
  ['LOADING Redis is loading the dataset in memory', 'STORAGE_UNAVAILABLE', 'not-applied', true],
  ['BUSY Redis is busy running a script.', 'STORAGE_UNAVAILABLE', 'not-applied', true],
  ['CLUSTERDOWN The cluster is down', 'STORAGE_UNAVAILABLE', 'not-applied', true],
  ['TRYAGAIN Multiple keys request during rehashing of slot', 'STORAGE_UNAVAILABLE', 'not-applied', true],
  ['NOREPLICAS Not enough good replicas to write.', 'STORAGE_UNAVAILABLE', 'not-applied', true],
  ['NOSCRIPT No matching script.', 'STORAGE_UNAVAILABLE', 'not-applied', true],
  ['NOAUTH Authentication required.', 'STORAGE_AUTH', 'not-applied', false],
  ['WRONGPASS invalid username-password pair or user is disabled.', 'STORAGE_AUTH', 'not-applied', false],
  [
    "NOPERM this user has no permissions to run the 'evalsha' command",
    'STORAGE_PERMISSION',
    'not-applied',
    false,
  ],
  ['DENIED Redis is running in protected mode', 'STORAGE_CONFIGURATION', 'not-applied', false],
  ["CROSSSLOT Keys in request don't hash to the same slot", 'STORAGE_CONFIGURATION', 'not-applied', false],
  ['MOVED 3999 127.0.0.1:6381', 'STORAGE_CONFIGURATION', 'not-applied', false],
  ['ASK 3999 127.0.0.1:6381', 'STORAGE_CONFIGURATION', 'not-applied', false],
  ['ERR max number of clients reached', 'STORAGE_UNAVAILABLE', 'not-applied', true],
  [
    "ERR unknown command 'EVALSHA', with args beginning with: ",
    'STORAGE_CONFIGURATION',
    'not-applied',
    false,
  ],
  ['ERR DB index is out of range', 'STORAGE_CONFIGURATION', 'not-applied', false],
  ['ERR SELECT is not allowed in cluster mode', 'STORAGE_CONFIGURATION', 'not-applied', false],
  ['ERR invalid password', 'STORAGE_AUTH', 'not-applied', false],
  ['ERR Client sent AUTH, but no password is set', 'STORAGE_INTERNAL', 'unknown', false],
  [
    "ERR Error compiling script (new function): user_script:1: unexpected symbol near '#'",
    'STORAGE_CONFIGURATION',
    'not-applied',
    false,
  ],
  ['DIRTYPE events', 'STORAGE_STORED_DATA', 'not-applied', false],
  ['DIRPERM HSET,ZADD', 'STORAGE_PERMISSION', 'not-applied', false],
  ['DIRSTORE is another', 'STORAGE_SCHEMA', 'not-applied', false],
  ['DIRROLE is replica', 'STORAGE_READ_ONLY', 'not-applied', true],
  ['DIRSCHEMA 2', 'STORAGE_SCHEMA', 'not-applied', false],
  // the same words from inside a script: what the script did before is done
  [
    `NOPERM no permissions script: ${'0'.repeat(40)}, on @user_script:9.`,
    'STORAGE_PERMISSION',
    'unknown',
    false,
  ],
  [`OOM command not allowed script: ${'0'.repeat(40)}, on @user_script:9.`, 'STORAGE_FULL', 'unknown', false],
  [`WRONGTYPE Operation script: ${'0'.repeat(40)}, on @x:9.`, 'STORAGE_STORED_DATA', 'unknown', false],
  // said at any time
  ['DIRCALL this call was made before', 'STORAGE_UNAVAILABLE', 'unknown', false],
  ['UNKILLABLE Sorry the script already executed write commands', 'STORAGE_UNAVAILABLE', 'unknown', false],
  ['UNBLOCKED force unblock from blocking operation', 'STORAGE_READ_ONLY', 'unknown', false],
  ['ERR something new', 'STORAGE_INTERNAL', 'unknown', false],
  ['UPSTREAM failure', 'STORAGE_INTERNAL', 'unknown', false],
  // of commands that this package does not send
  ...[
    'BUSYGROUP',
    'BUSYKEY',
    'EXECABORT',
    'INPROG',
    'INVALIDOBJ',
    'IOERR',
    'NOGOODSLAVE',
    'NOGROUP',
    'NOMASTERLINK',
    'NOPROTO',
    'NOQUORUM',
    'NOTBUSY',
  ].map((word): Row => [`${word} text`, 'STORAGE_INTERNAL', 'unknown', false]),
]

test.each(REPLIES)('%s is %s, %s', (message, code, outcome, retryable) => {
  const error = mapError(reply(message), 'unknown')
  expect([error.code, error.outcome, error.retryable]).toEqual([code, outcome, retryable])
})

test.each(REPLIES)('%s says nothing of an earlier sending', (message, code) => {
  const again = mapError(reply(message), 'unknown', true)
  expect([again.code, again.outcome, again.retryable]).toEqual([code, 'unknown', false])
})

test('what a proxy or a server quotes of a request is not in the error', () => {
  for (const text of [
    "ERR unknown command 'SET', with args beginning with: 'hunter2'",
    'ERR hunter2',
    'ODD hunter2',
  ])
    expect(inspect(mapError(reply(text), 'unknown'), { depth: 10 })).not.toContain('hunter2')
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
  [
    Object.assign(new Error('self-signed certificate'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }),
    'STORAGE_CONFIGURATION',
  ],
  [
    Object.assign(new Error('wrong version number'), { code: 'ERR_SSL_WRONG_VERSION_NUMBER' }),
    'STORAGE_CONFIGURATION',
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
  const failed = failedScript('DIRDATA session', true)
  expect([failed.code, failed.outcome]).toEqual(['STORAGE_INTERNAL', 'unknown'])
  const refused = failedScript('DIRDATA session', false)
  expect([refused.code, refused.outcome]).toEqual(['STORAGE_STORED_DATA', 'not-applied'])
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
