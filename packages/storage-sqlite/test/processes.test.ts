import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import BetterSqlite3 from 'better-sqlite3'
import { expect, test } from 'vitest'
import { SCHEMA_VERSION, sqliteStorage } from '../src/index.ts'
import { testFolder } from './folder.ts'

const folder = testFolder()

function start(name: string, ...args: string[]): ChildProcess {
  const script = fileURLToPath(new URL(name, import.meta.url))
  return spawn(process.execPath, ['--conditions=@dir/source', script, ...args], {
    stdio: ['ipc', 'pipe', 'inherit'],
  })
}

async function exitCode(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  return child.exitCode
}

test(
  'sixteen processes initialise an empty path at once, round after round, and none fails',
  { timeout: 120_000 },
  async () => {
    const rounds = 5
    const children = Array.from({ length: 16 }, () => start('init-process.ts'))
    await Promise.all(children.map((child) => once(child, 'message')))
    for (let round = 0; round < rounds; round++) {
      const journalMode = round % 2 === 0 ? 'wal' : 'delete'
      const path = join(folder, 'init', `${round}.sqlite`)
      const answers = children.map((child) => once(child, 'message'))
      for (const child of children) child.send({ path, journalMode })
      expect((await Promise.all(answers)).map(([answer]) => answer as unknown)).toEqual(
        children.map(() => 'ready'),
      )
      const db = new BetterSqlite3(path)
      expect(
        db.prepare(`SELECT name, value FROM dir_storage_meta WHERE name <> 'release' ORDER BY name`).all(),
      ).toEqual([
        { name: 'fence', value: 0 },
        { name: 'schema_version', value: SCHEMA_VERSION },
      ])
      expect(db.pragma('journal_mode', { simple: true })).toBe(journalMode)
      expect(db.prepare('SELECT COUNT(*) FROM decision_audit_events').pluck().get()).toBe(16)
      db.close()
    }
    for (const child of children) child.disconnect()
    expect(await Promise.all(children.map(exitCode))).toEqual(children.map(() => 0))
  },
)

test(
  'what was acknowledged before a kill is there, and the rest is whole or absent',
  { timeout: 600_000 }, // of a slow disk under a busy machine
  async () => {
    const path = join(folder, 'killed.sqlite')
    const acknowledged = new Set<string>()
    const rounds = 15
    for (let round = 0; round < rounds; round++) {
      const child = start('kill-process.ts', path, String(round))
      const killAt = 100 + round * 7
      let before = 0
      let inFlight = 0
      if (child.stdout === null) throw new Error('no output')
      for await (const line of createInterface({ input: child.stdout })) {
        const [word, name = ''] = line.split(' ')
        if (word === 'SENT') inFlight++
        else {
          inFlight--
          before++
          acknowledged.add(name)
        }
        if (before === killAt) child.kill('SIGKILL')
      }
      expect(await exitCode(child)).toBeNull() // it was killed, and did not end by itself
      expect([before >= 100, inFlight > 0]).toEqual([true, true])

      await using storage = sqliteStorage(path)
      const whole = new Set<string>()
      for (const { dfid } of await storage.decisionAudit.allEventsChronological()) whole.add(dfid)
      for (const name of acknowledged) expect(whole).toContain(name)
      for (const name of whole) {
        // event, session, hold and transition were one batch
        expect(await storage.context.getSession(name)).toBe(JSON.stringify(name))
        expect(
          (await storage.resourceLock.getHolds({ dfid: name })).map(({ resourceId }) => resourceId),
        ).toEqual(['a', 'b'])
        expect(await storage.lifecycle.getCurrentStatus(name)).toBe('DONE')
      }
      expect(await storage.lifecycle.getTransitions()).toHaveLength(whole.size)
      expect(await storage.resourceLock.getHolds()).toHaveLength(2 * whole.size)
    }
    const db = new BetterSqlite3(path)
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok')
    db.close()
  },
)
