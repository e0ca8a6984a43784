import { setTimeout as sleep } from 'node:timers/promises'
import type { PruneSummary, StorageHandle } from '@dir/storage-core'
import { Client } from 'pg'
import { expect, test } from 'vitest'
import { withServer } from '../../../scripts/servers/live.ts'
import { postgresStorage } from '../src/index.ts'
import { RECORD_TABLES } from '../src/schema.ts'
import { sql, withDatabase } from './databases.ts'
import { alteredPool, replacing } from './mutants/altered-pool.ts'

/** Flows that are over, numbered; `status` is SQL. The log's last event is of none of them. */
const flows = (count: number, status = `'DONE'`): string => /* sql */ `SET search_path = dir_storage;
  INSERT INTO flow_transitions (dfid, to_status, created_at)
  SELECT 'flow ' || i, ${status}, '2020-01-01' FROM generate_series(1, ${count}) AS i;
  INSERT INTO decision_audit_events (dfid, event, "timestamp", step_id, state, detail_json)
  SELECT 'flow ' || (i % ${count} + 1), 'DONE', '2020-01-01', '', '', '{}' FROM generate_series(1, ${count * 2}) AS i;
  INSERT INTO context (kind, id, data_json) SELECT 'session', 'flow ' || i, '{}' FROM generate_series(1, ${count}) AS i;
  INSERT INTO idempotency_cache (key, result, created_at, dfid)
  SELECT 'key ' || i, '{}', '2020-01-01', 'flow ' || (i % ${count} + 1) FROM generate_series(1, ${count * 2}) AS i;
  INSERT INTO intent_retry (dfid, count) SELECT 'flow ' || i, 1 FROM generate_series(1, ${count}) AS i;
  INSERT INTO saga_dirty_state (dfid, failed_step, partial_state_json)
  SELECT 'dirty ' || i, '', '{}' FROM generate_series(1, ${count}) AS i;
  INSERT INTO resource_locks (dfid, resource_id, micros, acquired_at, expires_at, fence)
  SELECT 'flow ' || i, 'fund', 1, '2020-01-01', '2020-01-02', i FROM generate_series(1, ${count}) AS i;
  INSERT INTO escalation_requests (dfid, agent_id, reason, context_json, proposal_json, impact, status, resolved_at)
  SELECT 'flow ' || i, 'agent', '', '{}', '{}', '', 'RESOLVED', '2020-01-01' FROM generate_series(1, ${count}) AS i;
  ${event('last')}`

/** What is removed of so many of them. */
const removedOf = (count: number): PruneSummary['removed'] => ({
  context: count,
  idempotency: 2 * count,
  decisionAudit: 2 * count,
  intentRetry: count,
  escalation: count,
  lifecycle: count,
})

const event = (dfid: string): string => /* sql */ `
  INSERT INTO dir_storage.decision_audit_events (dfid, event, "timestamp", step_id, state, detail_json)
  VALUES ('${dfid}', 'LATE', '2020-01-02', '', '', '{}');`

const WAITING = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`

function prune(storage: StorageHandle): Promise<PruneSummary> {
  return storage.prune({ before: '2021-01-01T00:00:00Z', terminal: ['DONE'] })
}

withServer('postgres', (server) => {
  async function withStore(
    script: string,
    act: (storage: StorageHandle, url: string, client: Client) => Promise<void>,
    open: (url: string) => StorageHandle = postgresStorage,
  ): Promise<void> {
    await withDatabase(server, '', async (url) => {
      await using storage = open(url)
      await storage.init()
      await sql(url, script)
      const client = new Client({ connectionString: url })
      await client.connect()
      try {
        await act(storage, url, client)
      } finally {
        await client.end()
      }
    })
  }

  test('flows are judged and removed by indexes, with the server knowing nothing of the tables', async () => {
    const status = `CASE WHEN i % 300 = 0 THEN 'DONE' ELSE 'OPEN' END`
    await withStore(flows(20_000, status), async (storage, _, client) => {
      await client.query('SELECT pg_stat_reset()')
      expect(await prune(storage)).toEqual({ flows: 66, removed: removedOf(66), kept: {} })
      await storage.close()
      // sessions tell what they read when they end at the latest
      const sessions = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`
      await expect.poll(async () => (await client.query(sessions)).rowCount).toBe(0)
      const { rows } =
        await client.query(`SELECT indexrelname AS name FROM pg_stat_user_indexes WHERE idx_tup_read > 1500
        UNION ALL SELECT relname FROM pg_stat_user_tables
        WHERE seq_tup_read > 0 AND relname = ANY('{${RECORD_TABLES.join()}}')`)
      expect(rows, 'the pages of results alone go through all of them').toEqual([
        { name: 'idempotency_cache_pkey' },
      ])
    })
  }, 60_000)

  test('what comes between the judging and the removing stays', async () => {
    const patient = (url: string): StorageHandle =>
      postgresStorage({
        pool: alteredPool(url, replacing("settings->>'lockWaitMs'", "'30s'")),
        operationTimeoutMs: 60_000,
      })
    await withStore(
      flows(1),
      async (storage, url, client) => {
        await client.query('BEGIN')
        await client.query(`SELECT FROM dir_storage.context WHERE id = 'flow 1' FOR UPDATE`)
        const pruning = prune(storage)
        while ((await sql(url, WAITING)).length === 0) await sleep(10)
        await sql(url, event('flow 1') + event('last'))
        await client.query('COMMIT')
        const { flows: pruned, removed } = await pruning
        expect([pruned, removed.idempotency, removed.decisionAudit, removed.lifecycle]).toEqual([1, 2, 2, 1])
        expect((await storage.decisionAudit.eventsForDfid('flow 1')).map((one) => one.event)).toEqual([
          'LATE',
        ])
      },
      patient,
    )
  }, 60_000)

  test('a flow of which somebody is writing a result stays, and nobody waits for that', async () => {
    await withStore(flows(3), async (storage, _, client) => {
      await client.query('BEGIN')
      await storage.within(client).idempotency.set('key 1', { is: 'new' })
      expect(await prune(storage)).toEqual({ flows: 2, removed: removedOf(2), kept: { idempotency: 1 } })
      await client.query('ROLLBACK')
      expect(await prune(storage)).toEqual({ flows: 1, removed: removedOf(1), kept: {} })
    })
  })

  test('a result of no flow that somebody is writing is passed over', async () => {
    const results = `INSERT INTO dir_storage.idempotency_cache (key, result, created_at)
      SELECT 'key ' || i, '{}', '2020-01-01' FROM generate_series(1, 3) AS i`
    await withStore(results, async (storage, _, client) => {
      await client.query('BEGIN')
      await storage.within(client).idempotency.set('key 2', { is: 'new' })
      expect((await prune(storage)).removed).toEqual({ idempotency: 2 })
      await client.query('ROLLBACK')
      expect(await storage.idempotency.get('key 2')).toEqual({})
      expect((await prune(storage)).removed).toEqual({ idempotency: 1 })
    })
  })

  test('counts of tokens and sums of holds follow, and none stays that counts nothing', async () => {
    const tokens = `INSERT INTO dir_storage.escalation_budget (agent_id, created_at)
      SELECT 'agent ' || i % 3, '2020-12-31 23:50'::TIMESTAMP AT TIME ZONE 'UTC' + i * INTERVAL '1 second'
      FROM generate_series(1, 1500) AS i;`
    const hold = `INSERT INTO dir_storage.resource_locks VALUES ('other', 'fund', 5000000, '2020-01-01', NULL, 100);`
    await withStore(flows(40) + tokens + hold, async (storage, _, client) => {
      expect((await prune(storage)).removed.escalation).toBe(40 + 599)
      const { rows } =
        await client.query(`SELECT agent_id, unit, beginning, tokens FROM dir_storage.budget_counts
        EXCEPT SELECT agent_id, unit, date_trunc(unit, created_at AT TIME ZONE 'UTC'), count(*)
        FROM dir_storage.escalation_budget, unnest(ARRAY['day', 'minute']) AS unit GROUP BY 1, 2, 3`)
      expect(rows).toEqual([])
      for (const agent of ['agent 0', 'agent 1', 'agent 2']) {
        expect(await storage.escalation.getWindowCount(agent, '2020-01-01T00:00:00Z')).toBe(
          agent === 'agent 0' ? 301 : 300,
        )
      }
      const held = await client.query(`SELECT dfid, (SELECT micros FROM dir_storage.resource_totals) AS total
        FROM dir_storage.resource_locks`)
      expect(held.rows).toEqual([{ dfid: 'other', total: '5000000' }])
      expect(await storage.resourceLock.getLockedAmount('fund', null)).toBe(5)
    })
  })
})
