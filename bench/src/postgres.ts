// How many acknowledged calls a second one PostgreSQL takes from this package, with 64 callers at once and with one
// alone, beside the driver used by hand: record() beside one INSERT a call, acquire() and release() beside one
// transaction a call, each on a pool of 8. Both sides on one server, which is ours and syncs before each reply, or the
// one that STORAGE_POSTGRES_URL names; the rounds take turns, and the medians are printed.
import { dumpsJsonDict } from '@dir/storage-core'
import { dropNamespace, postgresStorage } from '@dir/storage-postgres'
import { Pool } from 'pg'
import { provide } from '../../scripts/servers/provide.ts'

const ROUNDS = 9
const MILLISECONDS = 400
const namespace = 'bench'
const details = { price: 101.25, reason: 'limit', checks: ['risk', 'capacity'] }

const provided = await provide('postgres')
const { url } = provided
await dropNamespace({ url, namespace })
const pool = new Pool({ connectionString: url, max: 8 })
await pool.query(/* sql */ `DROP SCHEMA IF EXISTS bare CASCADE; CREATE SCHEMA bare;
  CREATE TABLE bare.events (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, dfid TEXT NOT NULL, event TEXT NOT NULL,
    at TIMESTAMPTZ NOT NULL DEFAULT now(), step_id TEXT NOT NULL, state TEXT NOT NULL, details TEXT NOT NULL);
  CREATE INDEX ON bare.events (dfid, id);
  CREATE TABLE bare.holds (dfid TEXT, resource_id TEXT, micros BIGINT NOT NULL, PRIMARY KEY (dfid, resource_id));
  CREATE INDEX ON bare.holds (resource_id);`)
const storage = postgresStorage({ url, namespace, poolSize: 8 })
const { details: server } = await storage.health()

/** A call of one of so many callers, the `round`th of that caller. */
type Act = (caller: number, round: number) => Promise<unknown>

async function transaction(...statements: (readonly [sql: string, ...values: unknown[]])[]): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    for (const [sql, ...values] of statements) await client.query(sql, values)
    await client.query('COMMIT')
  } finally {
    client.release()
  }
}

const resourceOf = (caller: number, round: number): string => `resource-${(caller * 7919 + round) % 1000}`

const pairs: Readonly<Record<string, readonly [bare: Act, ours: Act]>> = {
  'record() beside INSERT': [
    (caller) =>
      pool.query(
        /* sql */ `INSERT INTO bare.events (dfid, event, step_id, state, details) VALUES ($1, $2, $3, $4, $5)
          RETURNING id`,
        [`flow-${caller}`, 'DECIDED', 's', '', dumpsJsonDict(details)],
      ),
    (caller) => storage.decisionAudit.record(`flow-${caller}`, 'DECIDED', { stepId: 's', details }),
  ],
  'acquire() and release() beside transactions': [
    (caller, round) => {
      const flow = `flow-${caller}`
      if (round % 2 === 1)
        return transaction(
          [/* sql */ `SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`, flow],
          [/* sql */ `DELETE FROM bare.holds WHERE dfid = $1`, flow],
        )
      const resource = resourceOf(caller, round)
      return transaction(
        [
          /* sql */ `SELECT pg_advisory_xact_lock(k) FROM (SELECT hashtextextended(n, 0) AS k
            FROM unnest($1::TEXT[]) AS n ORDER BY 1) AS keys`,
          [flow, resource],
        ],
        [
          /* sql */ `INSERT INTO bare.holds SELECT $1, $2, 1 WHERE
            (SELECT coalesce(sum(micros), 0) FROM bare.holds WHERE resource_id = $2 AND dfid <> $1) < 100`,
          flow,
          resource,
        ],
      )
    },
    (caller, round) => {
      const flow = `flow-${caller}`
      if (round % 2 === 1) return storage.resourceLock.release(flow)
      const resource = resourceOf(caller, round)
      return storage.resourceLock.acquire(flow, { [resource]: 1 }, 5, { capacities: { [resource]: 100 } })
    },
  ],
}

/** Calls a second of so many callers, each of whom waits for its acknowledgement before it goes on. */
async function rate(act: Act, callers: number): Promise<number> {
  const started = performance.now()
  let calls = 0
  const call = async (caller: number): Promise<void> => {
    for (let round = 0; performance.now() - started < MILLISECONDS; round++, calls++) await act(caller, round)
  }
  await Promise.all(Array.from({ length: callers }, (_, caller) => call(caller)))
  return (calls * 1000) / (performance.now() - started)
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0

console.log(
  `${server['server']}; fsync ${server['fsync']}, synchronous_commit ${server['synchronousCommit']}`,
)
for (const [name, [bare, ours]] of Object.entries(pairs))
  for (const callers of [1, 64]) {
    const rates: { bare: number; ours: number }[] = []
    for (let round = 0; round < ROUNDS; round++)
      rates.push({ bare: await rate(bare, callers), ours: await rate(ours, callers) })
    const of = (pick: (one: { bare: number; ours: number }) => number): number => median(rates.map(pick))
    console.log(
      `${name}, ${callers} callers: ${Math.round(of((one) => one.bare))}/s by hand, ` +
        `${Math.round(of((one) => one.ours))}/s, ratio ${of((one) => one.ours / one.bare).toFixed(2)}`,
    )
  }

await pool.query('DROP SCHEMA bare CASCADE')
await pool.end()
await storage.close()
await dropNamespace({ url, namespace })
await provided.stop()
