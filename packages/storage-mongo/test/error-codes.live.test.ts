import type { StorageHandle } from '@dir/storage-core'
import { MongoServerError } from 'mongodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Server, start } from '../../../scripts/servers/index.ts'
import { withOwnServer } from '../../../scripts/servers/live.ts'
import { mapError } from '../src/errors.ts'
import { mongoStorage } from '../src/index.ts'
import { TOLD } from './error-codes.ts'
import { FailPoint } from './fail-point.ts'
import { failureOf } from '../../../scripts/servers/failure.ts'

const namespace = 'error_codes'
const COUNTS = `dir_storage.${namespace}.intent_retry_counts`
const DUPLICATE = 11000
/** What a fail point cannot make the server say: it needs more than a code, or (330) would end itself. */
const UNSPEAKABLE = new Set([121, 227, 249, 330, 343, 356, 361, 13388])
/** Whoever is told so may call again, if nothing was written. */
const AGAIN = /_(TIMEOUT|UNAVAILABLE|READ_ONLY|RESOURCE_CONTENTION)$/

type Told = Awaited<ReturnType<typeof failureOf>>

function injected(code: number): Told {
  const error = new MongoServerError({ message: '', code })
  return mapError(error, { outcome: 'unknown', steady: true, reached: true, elapsedMs: 0 })
}

withOwnServer('mongo', () => {
  let server: Server
  let point: FailPoint
  let storage: StorageHandle

  beforeAll(async () => {
    server = await start('mongo')
    point = new FailPoint(server.url)
    storage = mongoStorage({ url: server.url, namespace, operationTimeoutMs: 20_000 })
    await storage.intentRetry.setCount('f', 1)
  })
  afterAll(async () => {
    await storage.close()
    await point.close()
    await server.stop()
  })

  const rows = Object.entries(TOLD).flatMap(([word, codes]) => codes.map((code) => ({ code, word })))

  test('every code of the server is in the table once', () => {
    expect(new Set(rows.map(({ code }) => code)).size).toBe(rows.length)
    expect(rows.some(({ code }) => code === DUPLICATE)).toBe(false)
  })

  test(
    'every code of the server has its class, and is never told as not applied without a proof',
    { timeout: 300_000 },
    async () => {
      const wrong: unknown[] = []
      for (const { code: errorCode, word } of rows) {
        // not where the session is registered: a write that was not sent for that is certainly not applied
        const how = { failCommands: ['update'], namespace: COUNTS, errorCode }
        const write = (): Promise<Told> => failureOf(storage.intentRetry.setCount('f', 2))
        const told = UNSPEAKABLE.has(errorCode) ? injected(errorCode) : await point.during(how, write)
        const isRight =
          told.code === `STORAGE_${word}` &&
          (told.outcome === 'unknown' || told.outcome === 'not-applied') &&
          told.retryable === (AGAIN.test(told.code) && told.outcome === 'not-applied') &&
          (word !== 'INTERNAL' || told.outcome === 'unknown')
        if (!isRight) wrong.push({ errorCode, word, ...told })
        const count = await storage.intentRetry.getCount('f')
        if (count !== 1) wrong.push({ errorCode, count })
      }
      expect(wrong).toEqual([])
    },
  )
})
