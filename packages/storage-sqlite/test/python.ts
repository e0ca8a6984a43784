import { execFileSync, spawnSync } from 'node:child_process'
import { test } from 'vitest'

const found = spawnSync('python3', ['-c', 'import sqlite3']).status === 0

/** A test that needs python3: without it, it is skipped, or fails where STORAGE_REQUIRE=all. */
export const pythonTest = test.skipIf(!found && process.env['STORAGE_REQUIRE'] !== 'all')

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
