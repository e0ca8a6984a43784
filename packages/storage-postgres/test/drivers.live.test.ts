import { createRequire } from 'node:module'
import type { Pool } from 'pg'
import { expect, test } from 'vitest'
import { withServer } from '../../../scripts/servers/live.ts'
import { dropNamespace, postgresStorage } from '../src/index.ts'
import { newName } from './databases.ts'

/** A pool of another version of the driver, which has no types here. */
function poolOf(name: string, connectionString: string): Pool {
  const driver = createRequire(import.meta.url)(name) as { Pool: new (options: object) => Pool }
  return new driver.Pool({ connectionString, max: 2 })
}

withServer('postgres', (server) => {
  test('the first pg 8 works', async () => {
    const namespace = newName()
    const pool = poolOf('pg80', server)
    const storage = postgresStorage({ pool, namespace })
    expect(
      await storage.decisionAudit.recordMany([1, 2].map((n) => ({ dfid: 'f', event: `e${n}` }))),
    ).toEqual([1, 2])
    expect(await storage.intentRetry.increment('f')).toBe(1)
    expect(await storage.resourceLock.acquire('f', { r: 1 }, 1)).toEqual({ fence: 1, expiresAt: null })
    await storage.atomically((batch) => batch.context.setSession('f', '{}'))
    expect(await storage.context.getSession('f')).toBe('{}')
    await storage.close()
    await dropNamespace({ pool, namespace })
    await pool.end()
  })

  test('pg 7 is refused before anything is opened', () => {
    expect(() => postgresStorage({ pool: poolOf('pg7', server) })).toThrow(
      /must be a Pool of the package pg, version 8/,
    )
  })
})
