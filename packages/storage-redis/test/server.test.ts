import { expect, test } from 'vitest'
import { judgeServer } from '../src/server.ts'

const facts = {
  version: '7.0.15',
  mode: 'standalone',
  role: 'master',
  evictionPolicy: 'noeviction',
  appendOnly: true,
  appendFsync: 'always',
  maxRequestBytes: Infinity,
  clockMicros: null,
}

test('a server that does not say everything of itself is taken at what it says', () => {
  judgeServer({ ...facts, evictionPolicy: 'unknown', role: 'unknown', appendFsync: 'unknown' }, false)
})

test.each([
  ['a version that is too old', { version: '6.2.14' }, 'redis_version'],
  ['a replica', { role: 'slave' }, 'role'],
  ['eviction of any key', { evictionPolicy: 'allkeys-lfu' }, 'maxmemory-policy'],
])('%s is refused', (_, change, setting) => {
  expect(() => judgeServer({ ...facts, ...change }, false)).toThrow(expect.objectContaining({ setting }))
})
