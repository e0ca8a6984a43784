import { execFileSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { type StorageHandle, isStorageError } from '@dir/storage-core'
import { expect, test } from 'vitest'
import { withServer } from '../../../scripts/servers/live.ts'
import { postgresStorage } from '../src/index.ts'
import { sql, withDatabase } from './databases.ts'
import { proxyTo } from './proxy.ts'

/** Slow for sessions that have a timeout, so that they meet it. */
const SLOW = `CREATE FUNCTION slow() RETURNS TRIGGER LANGUAGE PLPGSQL AS $$ BEGIN
  IF current_setting('statement_timeout') <> '0' THEN PERFORM pg_sleep(1); END IF; RETURN NULL; END $$;
  CREATE TRIGGER slow BEFORE INSERT ON dir_storage.decision_audit_events EXECUTE FUNCTION slow()`

/** Ends all other sessions of a database, from a process of its own. */
const END_OTHERS = `
  const client = new (require('pg').Client)(process.argv[1])
  client.connect()
  const others = 'FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()'
  client.query('SELECT pg_terminate_backend(pid) ' + others).then(() => client.end())`

const CALLS = [
  ['read', (storage: StorageHandle) => storage.context.getSession('f')],
  ['event', (storage: StorageHandle) => storage.decisionAudit.record('f', 'e')],
] as const

const told = (error: unknown): unknown => (isStorageError(error) ? `${error.code} ${error.outcome}` : error)

// The first sending commits and its reply is lost; only the next session, which sends again, has the setting.
withServer('postgres', (server) => {
  test.each([
    ['a statement timeout', `statement_timeout = '100ms'`],
    ['a role that may only read', 'default_transaction_read_only = on'],
  ])(
    'events whose reply is lost are there once, although sending them again meets %s',
    async (_, setting) => {
      await withDatabase(server, '', async (url) => {
        const proxy = await proxyTo(url)
        const storage = postgresStorage({ url: proxy.url, poolSize: 1, operationTimeoutMs: 2_000 })
        await storage.init()
        await sql(url, SLOW)
        const { pathname } = new URL(url)
        await sql(url, `ALTER DATABASE ${pathname.slice(1)} SET ${setting}`)
        proxy.fault = { does: 'cut', at: 'recordMany' }
        const answers = await Promise.all(
          ['one', 'two'].map((event) => storage.decisionAudit.record('f', event)),
        )
        const events = await storage.decisionAudit.eventsForDfid('f')
        expect(events.map(({ event, seq }) => [event, seq])).toEqual([
          ['one', answers[0]],
          ['two', answers[1]],
        ])
        await storage.close()
        await proxy.close()
      })
    },
  )

  test.each([1, 2])('%i events whose reply is lost are unknown where nobody can be asked', async (count) => {
    await withDatabase(server, '', async (url) => {
      const proxy = await proxyTo(url)
      const storage = postgresStorage({ url: proxy.url, poolSize: 1, operationTimeoutMs: 2_000 })
      await storage.init()
      proxy.fault = { does: 'end', at: 'recordMany' }
      const calls = Array.from({ length: count }, () => storage.decisionAudit.record('f', 'e').catch(told))
      // on a busy machine the time may be over before that is known
      for (const one of await Promise.all(calls))
        expect(one).toMatch(/^STORAGE_(UNAVAILABLE|TIMEOUT) unknown$/)
      expect(await sql(url, 'SELECT count(*)::INTEGER FROM dir_storage.decision_audit_events')).toEqual([
        { count },
      ])
      await storage.close()
    })
  })

  test('of many batches at once, those that there was no room for in the commit whose reply is lost were not sent', async () => {
    await withDatabase(server, '', async (url) => {
      const proxy = await proxyTo(url)
      const storage = postgresStorage({ url: proxy.url, poolSize: 1, operationTimeoutMs: 2_000 })
      await storage.init()
      proxy.fault = { does: 'end', at: 'markDirty' }
      const calls = Array.from({ length: 200 }, (_, index) =>
        storage
          .atomically(({ context, saga }) => {
            context.setSession(`f${index}`, '1')
            saga.markDirty(`f${index}`, 's', '{}')
          })
          .catch((error: { readonly outcome: string }) => error.outcome),
      )
      const outcomes = Map.groupBy(await Promise.all(calls), String)
      const [row] = await sql(url, 'SELECT count(*)::INTEGER AS sent FROM dir_storage.context')
      const sent = Number(row?.['sent'])
      expect(sent).toBeGreaterThan(0)
      expect([outcomes.get('unknown')?.length, outcomes.get('not-applied')?.length]).toEqual([
        sent,
        200 - sent,
      ])
      await storage.close()
    })
  })

  test('events whose reply is lost while the handle closes are unknown', async () => {
    await withDatabase(server, '', async (url) => {
      const proxy = await proxyTo(url)
      const storage = postgresStorage({ url: proxy.url, poolSize: 1, operationTimeoutMs: 60_000 })
      await storage.init()
      proxy.fault = { does: 'end', at: 'recordMany' }
      const event = storage.decisionAudit.record('f', 'e').catch(told)
      await storage.close()
      expect(await event).toBe('STORAGE_CLOSED unknown')
    })
  }, 20_000)

  test('sessions that the server ends while they are idle cost no read and no event', async () => {
    await withDatabase(server, `ALTER DATABASE %I SET idle_session_timeout = '100ms'`, async (url) => {
      const storage = postgresStorage(url)
      await storage.init()
      const codes = new Set<unknown>()
      const rounds = 30
      for (let round = 0; round < rounds; round++) {
        // as many as the pool has
        await Promise.all(Array.from({ length: 8 }, () => storage.context.getSession('f')))
        const seq = await storage.decisionAudit.record('f', 'e')
        // about when the server ends the session
        await sleep(95 + Math.random() * 10)
        expect((await storage.decisionAudit.eventsForDfid('f')).at(-1)?.seq).toBe(seq)
        await sleep(95 + Math.random() * 10)
        await storage.context.setSession('f', '{}').catch((error: unknown) => codes.add(told(error)))
      }
      expect(await storage.decisionAudit.eventsForDfid('f')).toHaveLength(rounds)
      codes.delete('STORAGE_UNAVAILABLE unknown')
      codes.delete('STORAGE_UNAVAILABLE not-applied')
      expect([...codes]).toEqual([])
      await storage.close()
    })
  })

  test.each(CALLS)('sessions that ended while the process slept cost no %s', async (_, call) => {
    await withDatabase(server, '', async (url) => {
      const storage = postgresStorage(url)
      await storage.init()
      await Promise.all(Array.from({ length: 8 }, () => storage.context.getSession('f')))
      execFileSync(process.execPath, ['--eval', END_OTHERS, url], { cwd: import.meta.dirname })
      await call(storage)
      await storage.close()
    })
  })

  test.each(CALLS)('a connection that dies before its first statement costs no %s', async (_, call) => {
    await withDatabase(server, '', async (url) => {
      const proxy = await proxyTo(url)
      await using storage = postgresStorage({ url: proxy.url, poolSize: 1 })
      await storage.init()
      execFileSync(process.execPath, ['--eval', END_OTHERS, url], { cwd: import.meta.dirname })
      await sleep(20) // so that the pool knows
      proxy.fault = { does: 'cut', at: 'SET enable_seqscan' }
      await call(storage)
      expect(proxy.fault).toBeNull()
      await storage.close()
      await proxy.close()
    })
  })

  test('every write is one round trip, a batch too', async () => {
    await withDatabase(server, '', async (url) => {
      const proxy = await proxyTo(url)
      await using storage = postgresStorage({ url: proxy.url, poolSize: 1 })
      const { agentRegistry, context, idempotency, decisionAudit, saga } = storage
      const { resourceLock, intentRetry, escalation, lifecycle } = storage
      const request = { agentId: 'a', reason: 'r', contextJson: '{}', proposalJson: '{}', impact: 'i' }
      const agent = { agentId: 'a', contractJson: '{}', priority: 1, status: 'ACTIVE' }
      const budget = { limit: 9, windowSec: 60 }
      const writes: (() => Promise<unknown>)[] = [
        () => agentRegistry.upsertAgent({ ...agent, agentVersion: null, sessionToken: null }),
        () => agentRegistry.updateStatus('a', 'IDLE', null),
        () => context.setSession('f', '{}'),
        () => context.compareAndSetState('a', null, '{}'),
        () => idempotency.set('k', {}),
        () => idempotency.setIfAbsent('l', {}),
        () => idempotency.claim('m', { leaseSec: 60 }),
        () => idempotency.renewClaim('m', 'nobody', 60),
        () => idempotency.complete('m', 'nobody', {}),
        () => idempotency.abandon('m', 'nobody'),
        () => decisionAudit.record('f', 'e'),
        () => decisionAudit.recordMany([1, 2].map((n) => ({ dfid: 'f', event: `e${n}` }))),
        () => saga.markDirty('f', 's', '{}'),
        () => saga.clearDirty('f'),
        () => resourceLock.acquire('f', { r: 1, q: 2 }, 1, { leaseSec: 60 }),
        () => resourceLock.renew('f', 60),
        () => resourceLock.release('f'),
        () => intentRetry.increment('f'),
        () => intentRetry.setCount('f', 3),
        () => intentRetry.delete('f'),
        () => escalation.recordBudgetToken('a'),
        () => escalation.tryConsumeBudget('a', budget),
        () => escalation.insertRequest({ dfid: 'f', ...request }),
        () => escalation.requestWithinBudget({ dfid: 'g', ...request }, budget),
        () => escalation.resolveRequest('f', '2026-01-01T00:00:00Z', 'YES', null),
        () => lifecycle.recordTransition('f', null, 'NEW'),
        () => lifecycle.transition('f', 'NEW', 'DONE'),
        () =>
          storage.atomically((batch) => {
            batch.expectStatus('f', 'DONE')
            batch.decisionAudit.record('f', 'e')
            batch.resourceLock.acquire('f', { r: 1 }, 1)
            batch.context.setSession('f', '[]')
          }),
      ]
      await storage.init()
      const counts: number[] = []
      for (const write of writes) {
        const before = proxy.requests
        await write()
        counts.push(proxy.requests - before)
      }
      expect(counts).toEqual(writes.map(() => 1))
      await proxy.close()
    })
  }, 60_000)
})
