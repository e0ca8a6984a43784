import { join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { test } from 'vitest'
import { whileWatching } from '../../../scripts/servers/watched.ts'
import { SqliteDriver } from '../src/driver.ts'
import { sqliteStorage } from '../src/index.ts'
import { testFolder } from './folder.ts'

const INSERT = `INSERT INTO decision_audit_events (dfid, event, timestamp, step_id, state, detail_json)
  VALUES ('f', 'E', '2026-03-01T10:00:00+00:00', '', '', '{}')`

test.each(['wal', 'delete'] as const)(
  'what any connection appends is told, and what the handle itself does (%s)',
  async (journalMode) => {
    const path = join(testFolder(), 'store.sqlite')
    const driver = new SqliteDriver({ path, journalMode, timeoutMs: 5_000 })
    await driver.init(true)
    const storage = sqliteStorage({ path, journalMode })
    const python = new BetterSqlite3(path)
    await whileWatching(
      (changed) => driver.watch(changed),
      async (_, told) => {
        await Promise.all([told(), storage.decisionAudit.record('f', 'E')])
        const heard = told()
        python.prepare(INSERT).run()
        await heard
      },
    )
    python.close()
    await Promise.all([storage.close(), driver.close(1_000)])
  },
)

test('a handle follows what it records itself', async () => {
  const storage = sqliteStorage({ path: join(testFolder(), 'own.sqlite') })
  const events = storage.decisionAudit.events({ follow: true })[Symbol.asyncIterator]()
  for (const name of ['E', 'F']) {
    const next = events.next()
    await storage.decisionAudit.record('f', name)
    await next
  }
  await storage.close()
})
