// How many acknowledged calls a second one SQLite file takes from this package, with one caller, 64 and 512, beside
// better-sqlite3 used by hand: one transaction a call on tables of its own, at synchronous=FULL as well. The rounds take
// turns, and the medians are printed.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { dumpsJsonDict } from '@dir/storage-core'
import { sqliteStorage } from '@dir/storage-sqlite'
import BetterSqlite3 from 'better-sqlite3'
import { type Act, median, rate } from './rate.ts'

const ROUNDS = 7
const details = { price: 101.25, reason: 'limit', checks: ['risk', 'capacity'] }

const folder = mkdtempSync(join(tmpdir(), 'dir-storage-bench-'))
const storage = sqliteStorage(join(folder, 'ours.sqlite'))
await storage.init()
const bare = new BetterSqlite3(join(folder, 'bare.sqlite'))
bare.exec(/* sql */ `PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
  CREATE TABLE events (id INTEGER PRIMARY KEY AUTOINCREMENT, dfid TEXT NOT NULL, event TEXT NOT NULL, at TEXT NOT NULL,
    step_id TEXT NOT NULL, state TEXT NOT NULL, details TEXT NOT NULL);
  CREATE INDEX events_of_flow ON events (dfid);
  CREATE TABLE sessions (dfid TEXT PRIMARY KEY, data TEXT NOT NULL, at TEXT NOT NULL);
  CREATE TABLE counts (dfid TEXT PRIMARY KEY, count INTEGER NOT NULL);
  CREATE TABLE results (key TEXT PRIMARY KEY, token TEXT, until INTEGER, result TEXT);
  CREATE TABLE transitions (id INTEGER PRIMARY KEY AUTOINCREMENT, dfid TEXT NOT NULL, from_status TEXT,
    to_status TEXT NOT NULL, at TEXT NOT NULL);
  CREATE INDEX transitions_of_flow ON transitions (dfid);
  CREATE TABLE holds (dfid TEXT NOT NULL, resource_id TEXT NOT NULL, micros INTEGER NOT NULL, fence INTEGER NOT NULL,
    expires_at INTEGER, PRIMARY KEY (dfid, resource_id));
  CREATE INDEX holds_of_resource ON holds (resource_id, dfid);
  CREATE TABLE numbers (fence INTEGER NOT NULL);
  INSERT INTO numbers VALUES (0);`)

const prepared = new Map<string, BetterSqlite3.Statement>()
function statement(sql: string): BetterSqlite3.Statement {
  const found = prepared.get(sql) ?? bare.prepare(sql)
  prepared.set(sql, found)
  return found
}
const run = (sql: string, ...values: unknown[]): number => statement(sql).run(...values).changes
const get = (sql: string, ...values: unknown[]): Record<string, unknown> | undefined =>
  statement(sql).get(...values) as Record<string, unknown> | undefined
const transaction = (act: () => void): void => bare.transaction(act).immediate()

const at = (): string => new Date().toISOString()
const insertEvent = (dfid: string): number =>
  run(
    /* sql */ `INSERT INTO events (dfid, event, at, step_id, state, details) VALUES (?, 'DECIDED', ?, 's', '', ?)`,
    dfid,
    at(),
    dumpsJsonDict(details),
  )
const setSession = (dfid: string, data: string): number =>
  run(
    /* sql */ `INSERT INTO sessions VALUES (?, ?, ?) ON CONFLICT (dfid) DO UPDATE SET data = excluded.data, at = excluded.at`,
    dfid,
    data,
    at(),
  )

function move(dfid: string, from: string | null, to: string): void {
  const last = get(`SELECT to_status FROM transitions WHERE dfid = ? ORDER BY id DESC LIMIT 1`, dfid)
  if ((last?.['to_status'] ?? null) !== from) throw new Error('moved meanwhile')
  run(`INSERT INTO transitions (dfid, from_status, to_status, at) VALUES (?, ?, ?, ?)`, dfid, from, to, at())
}

function acquire(dfid: string, resource: string): void {
  const held = get(
    `SELECT SUM(micros) AS sum FROM holds WHERE resource_id = ? AND dfid <> ? AND (expires_at IS NULL OR expires_at > ?)`,
    resource,
    dfid,
    Date.now(),
  )
  if (Number(held?.['sum'] ?? 0) + 1_000_000 > 100e12) throw new Error('no room')
  run(`UPDATE numbers SET fence = fence + 1`)
  run(`INSERT OR REPLACE INTO holds SELECT ?, ?, 1000000, fence, NULL FROM numbers`, dfid, resource)
}

const resourceOf = (flow: string, round: number): string =>
  `resource-${(Number(flow.slice(5)) * 7919 + round) % 1000}`
const status = (round: number): string | null => (round === 0 ? null : `S${round}`)

const pairs: Readonly<Record<string, readonly [hand: Act, ours: Act]>> = {
  record: [insertEvent, (flow) => storage.decisionAudit.record(flow, 'DECIDED', { stepId: 's', details })],
  set: [
    (flow, round) => setSession(flow, dumpsJsonDict({ ...details, round })),
    (flow, round) => storage.context.setSession(flow, dumpsJsonDict({ ...details, round })),
  ],
  increment: [
    (flow) =>
      run(`INSERT INTO counts VALUES (?, 1) ON CONFLICT (dfid) DO UPDATE SET count = count + 1`, flow),
    (flow) => storage.intentRetry.increment(flow),
  ],
  'claim and complete': [
    (flow, round) => {
      transaction(() => {
        if (get(`SELECT token, until, result FROM results WHERE key = ?`, `${flow}:${round}`) === undefined)
          run(
            `INSERT INTO results VALUES (?, ?, ?, NULL)`,
            `${flow}:${round}`,
            `t${round}`,
            Date.now() + 60_000,
          )
      })
      run(
        `UPDATE results SET result = ?, token = NULL WHERE key = ? AND token = ?`,
        dumpsJsonDict(details),
        `${flow}:${round}`,
        `t${round}`,
      )
    },
    async (flow, round) => {
      const claim = await storage.idempotency.claim(`${flow}:${round}`, { leaseSec: 60 })
      if (claim.state === 'started')
        await storage.idempotency.complete(`${flow}:${round}`, claim.token, details)
    },
  ],
  transition: [
    (flow, round) => transaction(() => move(flow, status(round), `S${round + 1}`)),
    (flow, round) => storage.lifecycle.transition(flow, status(round), `S${round + 1}`),
  ],
  'acquire and release': [
    (flow, round) => {
      transaction(() => acquire(flow, resourceOf(flow, round)))
      run(`DELETE FROM holds WHERE dfid = ?`, flow)
    },
    async (flow, round) => {
      const resource = resourceOf(flow, round)
      await storage.resourceLock.acquire(flow, { [resource]: 1 }, 5, { capacities: { [resource]: 1e8 } })
      await storage.resourceLock.release(flow)
    },
  ],
  'atomically, three members': [
    (flow, round) =>
      transaction(() => {
        move(flow, status(round), `S${round + 1}`)
        insertEvent(flow)
        setSession(flow, dumpsJsonDict({ ...details, round }))
      }),
    (flow, round) =>
      storage.atomically((batch) => {
        batch.lifecycle.transition(flow, status(round), `S${round + 1}`)
        batch.decisionAudit.record(flow, 'DECIDED', { stepId: 's', details })
        batch.context.setSession(flow, dumpsJsonDict({ ...details, round }))
      }),
  ],
}

console.log(`Calls a second, median of ${ROUNDS} rounds, at synchronous=FULL`)
const only = process.argv[2] ?? ''
for (const [name, [hand, ours]] of Object.entries(pairs)) {
  if (!name.includes(only)) continue
  for (const callers of [1, 64, 512]) {
    const rates: { readonly hand: number; readonly ours: number; readonly stallMs: number }[] = []
    for (let round = 0; round < ROUNDS; round++) {
      const byHand = await rate(hand, 1)
      await new Promise((resolve) => setTimeout(resolve, 5)) // what is done by hand holds the event loop all the time
      const stalls = monitorEventLoopDelay({ resolution: 1 })
      stalls.enable()
      rates.push({ hand: byHand, ours: await rate(ours, callers), stallMs: stalls.percentile(99) / 1e6 })
      stalls.disable()
    }
    const of = (pick: (one: (typeof rates)[number]) => number): number => median(rates.map(pick))
    console.log(
      `${name}, ${callers} callers: ${Math.round(of((one) => one.hand))} by hand, ` +
        `${Math.round(of((one) => one.ours))}, ratio ${of((one) => one.ours / one.hand).toFixed(2)}; ` +
        `event loop held for ${of((one) => one.stallMs).toFixed(1)} ms (p99)`,
    )
  }
}

bare.close()
await storage.close()
rmSync(folder, { recursive: true })
