import { inspect } from 'node:util'
import { type ClientConfig, Pool, type PoolConfig } from 'pg'
import { describe, expect, test } from 'vitest'
import { dropNamespace, postgresSchema, postgresStorage } from '../src/index.ts'

const refusal = (argument: string): unknown =>
  expect.objectContaining({ code: 'STORAGE_INVALID_ARGUMENT', argument })
const url = 'postgres://somebody:geheim@127.0.0.1:1/nowhere'

describe('options', () => {
  test.each([
    ['options', {}],
    ['options', { url, pool: new Pool() }],
    ['options', { url, nameSpace: 'x' }],
    ['url', { url: 'geheim' }],
    ['url', { url: 'mysql://geheim@h/d' }],
    ['connection', { connection: url as unknown as ClientConfig }],
    ['namespace', { url, namespace: 'public' }],
    ['namespace', { url, namespace: 'x"; DROP SCHEMA y' }],
    ['poolSize', { url, poolSize: 0 }],
    ['pool', { pool: {} as Pool }],
    // what a Pool of pg 7 has
    ['pool', { pool: { connect: () => {}, on: () => {}, idleCount: 0, waitingCount: 0 } as unknown as Pool }],
    ['pool', { pool: new Pool({ binary: true } as PoolConfig) }],
    ['url', { url: 'postgres://u:p@h/%' }],
    ['url', { url: 'postgres://h/d?sslrootcert=/nowhere.pem' }],
    ['operationTimeoutMs', { url, operationTimeoutMs: 0 }],
  ])('a wrong %s is refused before anything is opened: %o', (argument, options) => {
    expect(() => postgresStorage(options)).toThrow(refusal(argument) as Error)
  })

  test('dropNamespace takes the options that name a store, and no others', async () => {
    await expect(dropNamespace({})).rejects.toEqual(refusal('options'))
    await expect(dropNamespace({ url, namespace: 'public' })).rejects.toEqual(refusal('namespace'))
    await expect(dropNamespace({ url, poolSize: 3 } as { url: string })).rejects.toEqual(refusal('options'))
  })

  test('the DDL names its namespace and refuses a wrong one', () => {
    expect(postgresSchema('mine')).toContain('CREATE TABLE "mine".meta')
    expect(() => postgresSchema('pg_mine')).toThrow(refusal('namespace') as Error)
  })

  test('no password is reachable from a handle or an error', async () => {
    const storage = postgresStorage({ url, operationTimeoutMs: 500 })
    const error: unknown = await storage.init().catch((reason: unknown) => reason)
    expect(error).toEqual(
      expect.objectContaining({ code: 'STORAGE_UNAVAILABLE', outcome: 'not-applied', retryable: true }),
    )
    const shown = [error, storage].map(
      (one) => inspect(one, { depth: 20, showHidden: true }) + JSON.stringify(one),
    )
    expect(shown.join('\n') + String((error as Error).stack)).not.toContain('geheim')
    await storage.close()
  })
})
