import { Client, type CustomTypesConfig, Pool, defaults } from 'pg'
import { expect, test } from 'vitest'
import { withServer } from '../../../scripts/servers/live.ts'
import { SCHEMA_VERSION, dropNamespace, postgresSchema, postgresStorage } from '../src/index.ts'
import { newName, sql, withDatabase } from './databases.ts'

const failure = (fields: Readonly<Record<string, unknown>>): unknown => expect.objectContaining(fields)

/** Notes the setting when the transaction commits, which is what counts. */
const SEE = `CREATE FUNCTION see() RETURNS TRIGGER LANGUAGE PLPGSQL AS $$ BEGIN
  INSERT INTO public.seen VALUES (current_setting('synchronous_commit')); RETURN NULL; END $$;`
const seeCommits = (table: string): string => `CREATE CONSTRAINT TRIGGER see AFTER INSERT OR UPDATE
  ON dir_storage.${table} DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION see()`

withServer('postgres', (server) => {
  test('refuses a server whose advisory locks are stubs', async () => {
    const stubs = `CREATE SCHEMA stubs;
      CREATE FUNCTION stubs.pg_advisory_xact_lock(BIGINT) RETURNS VOID LANGUAGE SQL AS '';
      CREATE FUNCTION stubs.pg_try_advisory_xact_lock(BIGINT) RETURNS BOOLEAN LANGUAGE SQL AS 'SELECT true';
      ALTER ROLE CURRENT_USER IN DATABASE %I SET search_path = stubs, pg_catalog, public;`
    await withDatabase(server, stubs, async (url) => {
      for (const poolSize of [8, 1]) {
        const storage = postgresStorage({ url, poolSize })
        await expect(storage.init()).rejects.toEqual(
          failure({ code: 'STORAGE_CONFIGURATION', setting: 'advisory locks', found: 'do not exclude' }),
        )
        await storage.close()
      }
      expect(await sql(url, `SELECT 1 FROM pg_namespace WHERE nspname = 'dir_storage'`)).toEqual([])
    })
  })

  test('proves the locks by pg_locks where there is one connection only, and works with it', async () => {
    const namespace = newName()
    const storage = postgresStorage({ url: server, namespace, poolSize: 1 })
    const calls = Array.from({ length: 20 }, (_, index) => storage.intentRetry.increment(`f${index % 3}`))
    await Promise.all([
      ...calls,
      storage.resourceLock.acquire('f', { r: 1 }, 1),
      storage.saga.markDirty('f', 's', '{}'),
    ])
    expect((await storage.health()).details['locksProved']).toBe('by pg_locks: no second connection was free')
    await storage.close()
    await dropNamespace({ url: server, namespace })
  })

  test('turns synchronous_commit on for what it writes where it is off, and leaves the session as it was', async () => {
    await withDatabase(server, 'ALTER DATABASE %I SET synchronous_commit = off', async (url) => {
      const pool = new Pool({ connectionString: url, max: 2 }).on('error', () => {}) // the database is dropped under it
      const storage = postgresStorage({ pool })
      await storage.init()
      const tables = [
        'context',
        'decision_audit_events',
        'resource_locks',
        'intent_retry',
        'flow_transitions',
      ]
      await sql(url, `CREATE TABLE seen (at_commit TEXT); ${SEE} ${tables.map(seeCommits).join(';')}`)
      await storage.context.setSession('f', '{}')
      await storage.decisionAudit.record('f', 'e')
      await storage.resourceLock.acquire('f', { r: 1 }, 0)
      await storage.atomically((batch) => batch.intentRetry.increment('f'))
      await storage.lifecycle.recordTransition('f', null, 'NEW')
      expect(await sql(url, 'SELECT at_commit, count(*)::INTEGER FROM seen GROUP BY 1')).toEqual([
        { at_commit: 'on', count: 5 },
      ])
      expect((await pool.query('SHOW synchronous_commit')).rows).toEqual([{ synchronous_commit: 'off' }])
      await storage.close()
      await pool.end()
    })
  })

  test.each(['serializable', 'repeatable read'])(
    'keeps every promise where the role starts at %s',
    async (level) => {
      const script = `ALTER DATABASE %I SET default_transaction_isolation = '${level}'`
      await withDatabase(server, script, async (url) => {
        const handles = [1, 2, 3].map(() => postgresStorage({ url }))
        const all = <T>(act: (handle: (typeof handles)[number], index: number) => Promise<T>): Promise<T[]> =>
          Promise.all(
            Array.from({ length: 30 }, (_, index) =>
              act(handles[index % 3] as (typeof handles)[number], index),
            ),
          )
        const grants = await all((handle, index) =>
          handle.resourceLock.acquire(`f${index}`, { r: 1 }, 5, { capacities: { r: 7 } }).then(
            (grant) => grant !== null,
            (error: { code: string }) => error.code,
          ),
        )
        expect(grants.filter((grant) => grant === true)).toHaveLength(7)
        await all((handle) => handle.intentRetry.increment('f'))
        expect(await handles[0]?.intentRetry.getCount('f')).toBe(30)
        await all((handle) => handle.decisionAudit.record('f', 'e'))
        expect(await handles[0]?.decisionAudit.eventsForDfid('f')).toHaveLength(30)
        await Promise.all(handles.map((handle) => handle.close()))
      })
    },
  )

  test('refuses a database that is not UTF8, and one that is read-only', async () => {
    const other = `ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0`
    await withDatabase(
      server,
      '',
      async (url) => {
        const storage = postgresStorage(url)
        await expect(storage.init()).rejects.toEqual(
          failure({ code: 'STORAGE_CONFIGURATION', setting: 'server_encoding', found: 'LATIN1' }),
        )
        await storage.close()
      },
      other,
    )
    const readOnly = 'ALTER DATABASE %I SET default_transaction_read_only = on'
    await withDatabase(server, readOnly, async (url) => {
      const storage = postgresStorage(url)
      await expect(storage.init()).rejects.toEqual(failure({ code: 'STORAGE_READ_ONLY' }))
      await storage.close()
    })
  })

  test('refuses connections whose array_nulls is off', async () => {
    const url = new URL(server)
    url.searchParams.set('options', '-c array_nulls=off')
    const storage = postgresStorage(url.href)
    await expect(storage.init()).rejects.toEqual(
      failure({ code: 'STORAGE_CONFIGURATION', setting: 'array_nulls', found: 'off', required: 'on' }),
    )
    await storage.close()
  })

  test('clients whose options, parsers or defaults alter values are read right, or refused', async () => {
    const shout = {
      getTypeParser: () => (value: unknown) => `${String(value)}!`,
    } as unknown as CustomTypesConfig
    const settings =
      '-c DateStyle=German -c IntervalStyle=sql_standard -c TimeZone=Asia/Kathmandu -c bytea_output=escape -c extra_float_digits=-15'
    const pools = [{ types: shout }, { options: settings }, { pipeline: true }, { maxUses: 1 }]
    for (const one of pools) {
      const namespace = newName()
      const pool = new Pool({ connectionString: server, max: 2, ...one })
      const storage = postgresStorage({ pool, namespace })
      const now = Date.now()
      expect(await storage.decisionAudit.record('f', 'e', { details: { amount: 0.1 } })).toBe(1)
      const [event] = await storage.decisionAudit.eventsForDfid('f')
      expect(Math.abs(Date.parse(event?.timestamp ?? '') - now)).toBeLessThan(60_000)
      expect((await storage.resourceLock.acquire('f', { r: 0.1 }, 1, { leaseSec: 60 }))?.fence).toBe(1)
      expect(await storage.resourceLock.renew('f', 90)).toBe(true)
      expect((await storage.resourceLock.getHolds())[0]?.amount).toBe(0.1)
      await storage.close()
      await dropNamespace({ pool, namespace })
      await pool.end()
    }
    const theirs = defaults as { binary?: boolean }
    theirs.binary = true
    const binary = postgresStorage(server)
    await expect(binary.init()).rejects.toEqual(failure({ code: 'STORAGE_CONFIGURATION', found: 'binary' }))
    theirs.binary = false
    await binary.close()
  })

  test('sixteen handles on an empty database create the tables once', async () => {
    await withDatabase(server, '', async (url) => {
      for (let round = 0; round < 3; round++) {
        const handles = Array.from({ length: 16 }, () => postgresStorage({ url, poolSize: 2 }))
        await Promise.all(handles.map((handle) => handle.init()))
        await Promise.all(handles.map((handle) => handle.close()))
        await dropNamespace({ url })
      }
      expect(await sql(url, `SELECT 1 FROM pg_namespace WHERE nspname = 'dir_storage'`)).toEqual([])
    })
  })

  test('a newer schema is refused and left alone; init: false creates nothing; the printed DDL is what init makes', async () => {
    await withDatabase(server, '', async (url) => {
      const careful = postgresStorage({ url, init: false })
      await expect(careful.init()).rejects.toEqual(
        failure({ code: 'STORAGE_SCHEMA', found: 'version 0', expected: `version ${SCHEMA_VERSION}` }),
      )
      await sql(url, postgresSchema())
      await careful.intentRetry.increment('f')
      await careful.close()
      await sql(url, `UPDATE dir_storage.meta SET value = 99 WHERE name = 'schema_version'`)
      const older = postgresStorage(url)
      await expect(older.intentRetry.increment('f')).rejects.toEqual(
        failure({ code: 'STORAGE_SCHEMA', found: 'version 99', expected: `version ${SCHEMA_VERSION}` }),
      )
      await older.close()
      expect(await sql(url, 'SELECT count FROM dir_storage.intent_retry')).toEqual([{ count: 1 }])
    })
  })

  test('dropNamespace leaves what others put into the schema', async () => {
    await withDatabase(server, '', async (url) => {
      const storage = postgresStorage({ url, namespace: 'shared' })
      await storage.init()
      await storage.close()
      await sql(url, 'CREATE TABLE shared.theirs (n INTEGER)')
      await dropNamespace({ url, namespace: 'shared' })
      expect(
        await sql(url, `SELECT relname FROM pg_class WHERE relnamespace = 'shared'::REGNAMESPACE`),
      ).toEqual([{ relname: 'theirs' }])
      await dropNamespace({ url, namespace: 'never_made' })
    })
  })

  test('every id sorts by its bytes, in whatever locale the database is', async () => {
    const namespace = newName()
    const storage = postgresStorage({ url: server, namespace })
    await storage.init()
    const columns = await sql(
      server,
      `SELECT DISTINCT c.collname FROM pg_index i, unnest(i.indcollation) AS one (oid)
        JOIN pg_collation c ON c.oid = one.oid WHERE i.indrelid::REGCLASS::TEXT LIKE '${namespace}.%'`,
    )
    expect(columns).toEqual([{ collname: 'C' }])
    await storage.close()
    await dropNamespace({ url: server, namespace })
  })

  test('after the server told of damaged data nothing more is written', async () => {
    await withDatabase(server, '', async (url) => {
      const storage = postgresStorage(url)
      await storage.context.setSession('f', '{}')
      const damage = `CREATE FUNCTION damage() RETURNS TRIGGER LANGUAGE PLPGSQL
        AS $$ BEGIN RAISE 'invalid page' USING ERRCODE = 'XX001'; END $$;
        CREATE TRIGGER damage BEFORE INSERT ON dir_storage.intent_retry FOR EACH ROW EXECUTE FUNCTION damage()`
      await sql(url, damage)
      const corrupt = failure({ code: 'STORAGE_CORRUPT', outcome: 'not-applied' })
      await expect(storage.intentRetry.increment('f')).rejects.toEqual(corrupt)
      await expect(storage.context.setSession('f', '[]')).rejects.toEqual(corrupt)
      await expect(storage.resourceLock.acquire('f', { r: 1 }, 0)).rejects.toEqual(corrupt)
      expect(await storage.context.getSession('f')).toBe('{}')
      await storage.close()
    })
  })

  test('statements prepared on live connections survive a change of the tables', async () => {
    await withDatabase(server, '', async (url) => {
      const storage = postgresStorage({ url, poolSize: 3 })
      const read = (): Promise<unknown[]> =>
        Promise.all([1, 2, 3].map(() => storage.agentRegistry.getAgent('nobody')))
      await read()
      expect((await storage.health()).details['preparedStatements']).toBe(true)
      await sql(url, 'ALTER TABLE dir_storage.agent_registry ADD COLUMN theirs INTEGER')
      expect(await read()).toEqual([null, null, null])
      await storage.close()
    })
  })

  test("the user's pool is used, keeps its listeners and settings, and stays open; its dead clients do no harm", async () => {
    const namespace = newName()
    const pool = new Pool({ connectionString: server, max: 3, application_name: namespace })
    const mine = (): void => {}
    pool.on('error', mine)
    const storage = postgresStorage({ pool, namespace })
    expect(await storage.decisionAudit.record('f', 'e')).toBe(1)
    expect((await storage.health()).details['preparedStatements']).toBe(false)
    await storage.resourceLock.acquire('f', { r: 1 }, 1)
    const kill = `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = '${namespace}'`
    await sql(server, kill)
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(await storage.decisionAudit.record('f', 'e')).toBe(2)
    await storage.close()
    await storage.close()
    expect(pool.listeners('error')).toEqual([mine])
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
    const client = await pool.connect()
    expect(client.listenerCount('error')).toBe(await listenersOfNew(server))
    client.release()
    await dropNamespace({ pool, namespace })
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
    await pool.end()
  })
})

/** How many error listeners a client has that a fresh pool lends. */
async function listenersOfNew(url: string): Promise<number> {
  const pool = new Pool({ connectionString: url, Client })
  const client = await pool.connect()
  const count = client.listenerCount('error')
  client.release()
  await pool.end()
  return count
}
