import { execFileSync, spawnSync } from 'node:child_process'

const found = spawnSync('python3', ['-c', 'import sqlite3']).status === 0

/** Where python3 is missing, tests that need it are skipped, or fail where STORAGE_REQUIRE=all. */
export const skipPython: boolean = !found && process.env['STORAGE_REQUIRE'] !== 'all'

/** Runs Python with its own sqlite3 module. @returns what it printed, read as JSON. */
export function python(script: string, ...args: string[]): unknown {
  const prelude = `
import json, sqlite3, sys
path, *args = sys.argv[1:]
def run(sql, *values):
    # as the original does: a connection for each call, closed after the commit
    db = sqlite3.connect(path)
    rows = db.execute(sql, values).fetchall()
    db.commit()
    db.close()
    return rows
`
  const printed = execFileSync('python3', ['-c', prelude + script, ...args], { encoding: 'utf8' })
  return printed === '' ? null : JSON.parse(printed)
}
