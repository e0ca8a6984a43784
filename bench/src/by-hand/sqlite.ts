import BetterSqlite3 from 'better-sqlite3'
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

/** better-sqlite3 as one would write it for the purpose: one transaction a call, which syncs before it returns. */
export function sqliteByHand(path: string): { readonly side: Side; close(): void } {
  const db = new BetterSqlite3(path)
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = FULL')
  db.exec(/* sql */ `
    CREATE TABLE events (seq INTEGER PRIMARY KEY, dfid TEXT, event TEXT, at TEXT, step TEXT, state TEXT, details TEXT);
    CREATE INDEX events_flow ON events (dfid, seq);
    CREATE TABLE results (key TEXT PRIMARY KEY, result TEXT, at TEXT, token TEXT, until TEXT);
    CREATE TABLE counts (flow TEXT PRIMARY KEY, count INTEGER);
    CREATE TABLE transitions (id INTEGER PRIMARY KEY, dfid TEXT, from_status TEXT, to_status TEXT, at TEXT);
    CREATE INDEX transitions_flow ON transitions (dfid, id);
    CREATE TABLE holds (dfid TEXT, resource TEXT, micros INTEGER, PRIMARY KEY (dfid, resource));
    CREATE INDEX holds_resource ON holds (resource, micros);`)
  const insertEvent = db.prepare(/* sql */ `INSERT INTO events (dfid, event, at, step, state, details)
    VALUES (?, 'DECIDED', ?, 's', '', ?)`)
  const setResult = db.prepare(/* sql */ `INSERT INTO results (key, result, at) VALUES (?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET result = excluded.result, at = excluded.at, token = NULL, until = NULL`)
  const raise = db.prepare(/* sql */ `INSERT INTO counts VALUES (?, 1)
    ON CONFLICT (flow) DO UPDATE SET count = count + 1 RETURNING count`)
  const setCount = db.prepare(/* sql */ `INSERT INTO counts VALUES (?, ?)
    ON CONFLICT (flow) DO UPDATE SET count = excluded.count`)
  const claim = db.prepare(/* sql */ `INSERT INTO results (key, token, until) VALUES (?, 'token', ?)
    ON CONFLICT DO NOTHING RETURNING 1`)
  const complete = db.prepare(/* sql */ `UPDATE results SET result = ?, token = NULL, until = NULL
    WHERE key = ? AND token = 'token'`)
  const insertTransition = db.prepare(/* sql */ `INSERT INTO transitions (dfid, from_status, to_status, at)
    VALUES (?, NULL, 'OPEN', ?)`)
  const locked = db.prepare(
    /* sql */ `SELECT coalesce(sum(micros), 0) AS sum FROM holds WHERE resource = ? AND dfid <> ?`,
  )
  const hold = db.prepare(/* sql */ `INSERT INTO holds VALUES (?, ?, 1)
    ON CONFLICT (dfid, resource) DO UPDATE SET micros = excluded.micros`)
  const free = db.prepare(/* sql */ `DELETE FROM holds WHERE dfid = ?`)
  const now = (): string => new Date().toISOString()

  const acquire = db.transaction((flow: string, resource: string) => {
    const { sum } = locked.get(resource, flow) as { readonly sum: number }
    if (sum < CAPACITY) hold.run(flow, resource)
  })
  const batch = db.transaction((flow: string) => {
    insertTransition.run(flow, now())
    insertEvent.run(flow, now(), detailsJson())
    setCount.run(flow, 3)
  })
  return {
    side: {
      record: async (_, caller) => insertEvent.run(flowOf(caller), now(), detailsJson()),
      set: async (turn) => setResult.run(keyOf(turn), resultJson(), now()),
      increment: async (turn) => raise.get(keyOf(turn)),
      'claim+complete': async () => {
        const key = freshKey()
        claim.get(key, now())
        complete.run(resultJson(), key)
      },
      transition: async (_, caller) => insertTransition.run(flowOf(caller), now()),
      'acquire+release': async (turn, caller) => {
        acquire.immediate(flowOf(caller), resourceOf(turn))
        free.run(flowOf(caller))
      },
      atomically: async (_, caller) => batch.immediate(flowOf(caller)),
    },
    close: () => db.close(),
  }
}
