// How many acknowledged audit events a second one SQLite file takes at synchronous=FULL: 64 concurrent callers of
// record(), and one alone, against plain better-sqlite3 inserting one row after the other into the same table.
// Both sides fsync before they acknowledge; the rounds take turns, and the medians are printed.
// Twice: with flows as a runtime has them, of ten events and named in the order of their start, and with 64 flows that
// go on for ever, whose places in the index on `dfid` lie far apart, so that one commit writes 64 pages of it.
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

/** The flow of a caller's next event. */
type Flows = (caller: number, event: number) => string

let begun = 0
const running = new Map<number, string>()
const FLOWS: Readonly<Record<string, Flows>> = {
  'flows of ten events': (caller, event) => {
    if (event % 10 === 0) running.set(caller, `flow-${String(begun++).padStart(9, '0')}`)
    return running.get(caller) ?? ''
  },
  '64 flows without end': (caller, event) => `flow-${(caller + event) % 64}`,
}

/** Events a second of so many callers, each of whom waits for its acknowledgement before it goes on. */
async function record(handle: StorageHandle, callers: number, flows: Flows): Promise<number> {
  const started = performance.now()
  let events = 0
  const caller = async (index: number): Promise<void> => {
    for (let event = 0; performance.now() - started < MILLISECONDS; event++) {
      await handle.decisionAudit.record(flows(index, event), 'DECIDED', { stepId: 's', details })
      events++
    }
  }
  await Promise.all(Array.from({ length: callers }, (_, index) => caller(index)))
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

function insert(db: BetterSqlite3.Database, flows: Flows): number {
  const statement =
    db.prepare(/* sql */ `INSERT INTO decision_audit_events (dfid, event, timestamp, step_id, state, detail_json)
      VALUES (?, ?, ?, ?, ?, ?)`)
  const started = performance.now()
  let events = 0
  for (; performance.now() - started < MILLISECONDS; events++)
    statement.run(flows(0, events), 'DECIDED', new Date().toISOString(), 's', '', dumpsJsonDict(details))
  return (events * 1000) / (performance.now() - started)
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0
const shown = (rate: number): string => Math.round(rate).toLocaleString('en').padStart(9)

const [journal, synchronous] = [
  theirs.pragma('journal_mode', { simple: true }),
  theirs.pragma('synchronous', { simple: true }),
]
console.log(
  `Acknowledged events a second, median of ${ROUNDS} rounds (${String(journal)}, synchronous=${String(synchronous)})`,
)
for (const [name, flows] of Object.entries(FLOWS)) {
  await record(storage, 64, flows) // warms both sides up
  insert(theirs, flows)
  const raw: number[] = []
  const many: number[] = []
  const one: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    raw.push(insert(theirs, flows))
    many.push(await record(storage, 64, flows))
    one.push(await record(storage, 1, flows))
  }
  const ratios = many.map((rate, round) => rate / (raw[round] ?? 1))
  console.log(`\n${name}`)
  console.log(`${shown(median(raw))}  better-sqlite3, one insert after the other`)
  console.log(
    `${shown(median(many))}  record(), 64 concurrent callers: ${median(ratios).toFixed(1)} times as fast`,
  )
  console.log(`           (rounds: ${ratios.map((ratio) => ratio.toFixed(1)).join(' ')})`)
  console.log(`${shown(median(one))}  record(), one caller alone`)
}

theirs.close()
await storage.close()
rmSync(folder, { recursive: true })
