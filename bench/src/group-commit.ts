// How many acknowledged audit events a second one SQLite file takes at synchronous=FULL: 64 concurrent callers of
// record(), and one alone, against plain better-sqlite3 inserting one row after the other into the same table.
// Both sides fsync before they acknowledge; the rounds take turns, and the medians are printed.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type StorageHandle, dumpsJsonDict } from '@dir/storage-core'
import { sqliteStorage } from '@dir/storage-sqlite'
import BetterSqlite3 from 'better-sqlite3'

const ROUNDS = 7
const MILLISECONDS = 400
const details = { price: 101.25, reason: 'limit', checks: ['risk', 'capacity'] }

const folder = mkdtempSync(join(tmpdir(), 'dir-storage-bench-'))
const storage = sqliteStorage(join(folder, 'ours.sqlite'))
await storage.init()
const theirs = await plain(join(folder, 'theirs.sqlite'))

/** Events a second of so many callers, each of whom waits for its acknowledgement before it goes on. */
async function record(handle: StorageHandle, callers: number): Promise<number> {
  const started = performance.now()
  let events = 0
  const caller = async (dfid: string): Promise<void> => {
    while (performance.now() - started < MILLISECONDS) {
      await handle.decisionAudit.record(dfid, 'DECIDED', { stepId: 's', details })
      events++
    }
  }
  await Promise.all(Array.from({ length: callers }, (_, index) => caller(`flow-${index}`)))
  return (events * 1000) / (performance.now() - started)
}

/** The same table and settings, without this package's code. */
async function plain(path: string): Promise<BetterSqlite3.Database> {
  await using made = sqliteStorage(path)
  await made.init()
  const db = new BetterSqlite3(path)
  db.pragma('synchronous = FULL')
  return db
}

function insert(db: BetterSqlite3.Database): number {
  const statement =
    db.prepare(/* sql */ `INSERT INTO decision_audit_events (dfid, event, timestamp, step_id, state, detail_json)
      VALUES (?, ?, ?, ?, ?, ?)`)
  const started = performance.now()
  let events = 0
  for (; performance.now() - started < MILLISECONDS; events++)
    statement.run(`flow-${events % 64}`, 'DECIDED', new Date().toISOString(), 's', '', dumpsJsonDict(details))
  return (events * 1000) / (performance.now() - started)
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0
const shown = (rate: number): string => Math.round(rate).toLocaleString('en').padStart(9)

const rates: { readonly many: number[]; readonly one: number[]; readonly raw: number[] } = {
  many: [],
  one: [],
  raw: [],
}
await record(storage, 64) // warms both sides up
insert(theirs)
for (let round = 0; round < ROUNDS; round++) {
  rates.raw.push(insert(theirs))
  rates.many.push(await record(storage, 64))
  rates.one.push(await record(storage, 1))
}

const [journal, synchronous] = [
  theirs.pragma('journal_mode', { simple: true }),
  theirs.pragma('synchronous', { simple: true }),
]
console.log(
  `acknowledged events a second, median of ${ROUNDS} rounds (${String(journal)}, synchronous=${String(synchronous)})`,
)
console.log(`${shown(median(rates.raw))}  better-sqlite3, one insert after the other`)
console.log(`${shown(median(rates.many))}  record(), 64 concurrent callers`)
console.log(`${shown(median(rates.one))}  record(), one caller alone`)
const ratios = rates.many.map((rate, round) => rate / (rates.raw[round] ?? 1))
console.log(
  `64 callers are ${median(ratios).toFixed(1)} times as fast (rounds: ${ratios.map((one) => one.toFixed(1)).join(' ')})`,
)

theirs.close()
await storage.close()
rmSync(folder, { recursive: true })
