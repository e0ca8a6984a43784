import type { JsonObject, StorageHandle } from '@dir/storage-core'
import * as memory from '@dir/storage-memory'
import * as sqlite from '@dir/storage-sqlite'
import { describe, expect, test } from 'vitest'
import * as mongo from '../../packages/storage-mongo/src/index.ts'
import * as postgres from '../../packages/storage-postgres/src/index.ts'
import * as redis from '../../packages/storage-redis/src/index.ts'
import { answerOf, complaint } from './refusal.ts'
import { INVALID, type Method, TOO_LARGE, casesOf } from './table.ts'
import { optionsOf } from './table/options.ts'
import { socketMeter, statementMeter } from './wires.ts'

interface Package {
  readonly name: string
  /** Takes whatever it is given, as a caller without types could. */
  readonly factory: (options: never) => StorageHandle
  readonly dropNamespace: (options: never) => Promise<void>
  readonly place: 'namespace' | 'path'
  readonly good: Readonly<Record<string, unknown>>
}

// Nothing listens there: none of these is to be reached.
const NOWHERE = '127.0.0.1:9'
const namespace = 'malformed'

const packages: readonly Package[] = [
  {
    name: 'memory',
    factory: memory.memoryStorage,
    dropNamespace: memory.dropNamespace,
    place: 'namespace',
    good: { namespace },
  },
  {
    name: 'SQLite',
    factory: sqlite.sqliteStorage,
    dropNamespace: sqlite.dropNamespace,
    place: 'path',
    good: { path: '/none/a.sqlite' },
  },
  {
    name: 'PostgreSQL',
    factory: postgres.postgresStorage,
    dropNamespace: postgres.dropNamespace,
    place: 'namespace',
    good: { url: `postgres://${NOWHERE}/x`, namespace },
  },
  {
    name: 'Redis',
    factory: redis.redisStorage,
    dropNamespace: redis.dropNamespace,
    place: 'namespace',
    good: { url: `redis://${NOWHERE}`, namespace },
  },
  {
    name: 'MongoDB',
    factory: mongo.mongoStorage,
    dropNamespace: mongo.dropNamespace,
    place: 'namespace',
    good: { url: `mongodb://${NOWHERE}/x`, namespace },
  },
]

const HANDLE = {
  operationTimeoutMs: 1_000,
  maxValueBytes: 1_000,
  init: false,
  numbers: 'exact',
  traceIds: true,
}

/** What is wrong with the answers to the bad calls of a method, and whether anything was sent for them. */
async function complaints(
  method: Method,
  how: 'rejects' | 'throws at once',
  call: (...args: readonly unknown[]) => unknown,
): Promise<(string | null)[]> {
  const meters = [socketMeter(), statementMeter()]
  const found: (string | null)[] = []
  for (const bad of casesOf(method)) {
    const answer = await answerOf(() => call(...bad.args))
    found.push(complaint(bad, answer, { how, place: null, reference: answer }))
  }
  await new Promise((resolve) => setImmediate(resolve))
  if (meters.some((meter) => meter.sent() > 0)) found.push('something was sent')
  for (const meter of meters) meter.stop()
  return found.filter((text) => text !== null)
}

describe.each(packages)('malformed options of $name', ({ factory, dropNamespace, place, good }) => {
  const table = optionsOf(place, good, HANDLE)

  test('the factory throws at once, and connects nowhere', async () => {
    await factory({ ...good, ...HANDLE } as never).close()
    expect(await complaints(table.factory, 'throws at once', factory as never)).toEqual([])
  })

  test('says what is not set, and which option it does not know', () => {
    const known = { ...good, operationTimeout: 5 }
    expect(() => factory(known as never)).toThrow(/operationTimeout; operationTimeoutMs seems to be meant/)
    const named = Object.entries(good).filter(([option]) => option !== 'namespace')
    for (const [option] of named) {
      expect(() => factory(undefined as never)).toThrow(new RegExp(`${option} alone; .* not set`))
      expect(() => factory({ [option]: undefined } as never)).toThrow(new RegExp(`${option} must .* not set`))
    }
  })

  test('dropNamespace rejects, and connects nowhere', async () => {
    expect(await complaints(table.dropNamespace, 'rejects', dropNamespace as never)).toEqual([])
  })

  test('without maxValueBytes, JSON of 8 MiB and a byte is refused', async () => {
    const storage = factory(good as never)
    const json = `"${'x'.repeat(8 * 1024 * 1024 - 1)}"`
    const session: Method = [
      ['flow', '1'],
      ['1', [json, `${json} `], 'dataJson', TOO_LARGE],
      ['1', [json.slice(0, -1)], 'dataJson', INVALID], // not too large, and no JSON
    ]
    const result: Method = [
      ['key', {}],
      ['1', [{ in: json }], 'result', TOO_LARGE],
    ]
    const setSession = (dfid: unknown, text: unknown) =>
      storage.context.setSession(dfid as string, text as string)
    const set = (key: unknown, value: unknown) => storage.idempotency.set(key as string, value as JsonObject)
    expect(await complaints(session, 'rejects', setSession)).toEqual([])
    expect(await complaints(result, 'rejects', set)).toEqual([])
    await storage.close()
  })
})
