import { Pool, type PoolClient } from 'pg'
import {
  CAPACITY,
  detailsJson,
  flowOf,
  freshKey,
  keyOf,
  resourceOf,
  resultJson,
  type Side,
} from '../workloads.ts'

/** pg as one would write it for the purpose: one statement a call, or one transaction, on a pool of 8. */
export async function postgresByHand(url: string): Promise<{ readonly side: Side; close(): Promise<void> }> {
  const pool = new Pool({ connectionString: url, max: 8 })
  await pool.query(/* sql */ `DROP SCHEMA IF EXISTS by_hand CASCADE; CREATE SCHEMA by_hand; SET search_path = by_hand;
    CREATE TABLE events (seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, dfid TEXT NOT NULL, event TEXT NOT NULL,
      at TIMESTAMPTZ NOT NULL DEFAULT now(), step TEXT NOT NULL, state TEXT NOT NULL, details TEXT NOT NULL);
    CREATE INDEX ON events (dfid, seq);
    CREATE TABLE results (key TEXT PRIMARY KEY, result TEXT, token TEXT, until TIMESTAMPTZ);
    CREATE TABLE counts (flow TEXT PRIMARY KEY, count INTEGER NOT NULL);
    CREATE TABLE transitions (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, dfid TEXT NOT NULL,
      from_status TEXT, to_status TEXT NOT NULL, at TIMESTAMPTZ NOT NULL DEFAULT now());
    CREATE INDEX ON transitions (dfid, id);
    CREATE TABLE holds (dfid TEXT, resource TEXT, micros BIGINT NOT NULL, PRIMARY KEY (dfid, resource));
    CREATE INDEX ON holds (resource) INCLUDE (micros);
    RESET search_path;`)

  const transaction = async (act: (client: PoolClient) => Promise<unknown>): Promise<void> => {
    const client = await pool.connect()
    try {
      await client.query('BEGIN')
      await act(client)
      await client.query('COMMIT')
    } finally {
      client.release()
    }
  }
  const run = (on: Pool | PoolClient, name: string, text: string, ...values: unknown[]) =>
    on.query({ name, text, values })
  const insertEvent = (on: Pool | PoolClient, flow: string) =>
    run(
      on,
      'event',
      /* sql */ `INSERT INTO by_hand.events (dfid, event, step, state, details)
      VALUES ($1, 'DECIDED', 's', '', $2) RETURNING seq`,
      flow,
      detailsJson(),
    )
  const insertTransition = (on: Pool | PoolClient, flow: string) =>
    run(
      on,
      'transition',
      /* sql */ `INSERT INTO by_hand.transitions (dfid, to_status) VALUES ($1, 'OPEN')`,
      flow,
    )
  const lock = (client: PoolClient, ...names: string[]) =>
    run(
      client,
      'lock',
      /* sql */ `SELECT pg_advisory_xact_lock(k) FROM (SELECT hashtextextended(n, 0) AS k
      FROM unnest($1::TEXT[]) AS n ORDER BY 1) AS keys`,
      names,
    )

  return {
    side: {
      record: (_, caller) => insertEvent(pool, flowOf(caller)),
      set: (turn) =>
        run(
          pool,
          'set',
          /* sql */ `INSERT INTO by_hand.results (key, result) VALUES ($1, $2)
          ON CONFLICT (key) DO UPDATE SET result = EXCLUDED.result, token = NULL, until = NULL`,
          keyOf(turn),
          resultJson(),
        ),
      increment: (turn) =>
        run(
          pool,
          'raise',
          /* sql */ `INSERT INTO by_hand.counts AS c VALUES ($1, 1)
          ON CONFLICT (flow) DO UPDATE SET count = c.count + 1 RETURNING count`,
          keyOf(turn),
        ),
      'claim+complete': async () => {
        const key = freshKey()
        await run(
          pool,
          'claim',
          /* sql */ `INSERT INTO by_hand.results (key, token, until)
          VALUES ($1, 'token', now() + INTERVAL '1 minute') ON CONFLICT DO NOTHING RETURNING 1`,
          key,
        )
        await run(
          pool,
          'complete',
          /* sql */ `UPDATE by_hand.results SET result = $2, token = NULL, until = NULL
          WHERE key = $1 AND token = 'token'`,
          key,
          resultJson(),
        )
      },
      transition: (_, caller) => insertTransition(pool, flowOf(caller)),
      'acquire+release': async (turn, caller) => {
        const [flow, resource] = [flowOf(caller), resourceOf(turn)]
        await transaction(async (client) => {
          await lock(client, flow, resource)
          await run(
            client,
            'acquire',
            /* sql */ `INSERT INTO by_hand.holds SELECT $1, $2, 1 WHERE
            (SELECT coalesce(sum(micros), 0) FROM by_hand.holds WHERE resource = $2 AND dfid <> $1) < $3`,
            flow,
            resource,
            CAPACITY,
          )
        })
        await transaction(async (client) => {
          await lock(client, flow)
          await run(client, 'release', /* sql */ `DELETE FROM by_hand.holds WHERE dfid = $1`, flow)
        })
      },
      atomically: (_, caller) =>
        transaction(async (client) => {
          await insertTransition(client, flowOf(caller))
          await insertEvent(client, flowOf(caller))
          await run(
            client,
            'count',
            /* sql */ `INSERT INTO by_hand.counts VALUES ($1, $2)
            ON CONFLICT (flow) DO UPDATE SET count = EXCLUDED.count`,
            flowOf(caller),
            3,
          )
        }),
    },
    async close() {
      await pool.query('DROP SCHEMA by_hand CASCADE')
      await pool.end()
    },
  }
}
