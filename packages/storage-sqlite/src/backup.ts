import { accessSync, closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs'
import { randomUUID } from 'node:crypto'
import { dirname } from 'node:path'
import { InvalidArgumentError } from '@dir/storage-core'
import type BetterSqlite3 from 'better-sqlite3'
import { IN_MEMORY, checkPath } from './options.ts'

/** So many pages are copied in one go, before the event loop runs again. */
const STEP_PAGES = 100

/** The absolute path for a copy, where nothing may be yet. */
export function checkTarget(path: unknown): string {
  const target = checkPath(path)
  if (target === IN_MEMORY) throw new InvalidArgumentError('path', 'must be the path of a file')
  if (existsSync(target)) throw new InvalidArgumentError('path', 'leads to something that is there already')
  return target
}

/**
 * Copies what `source` shows by SQLite's own backup, page by page, and gives the copy its name when it is whole and on
 * the disk. `goesOn` is called before each step, and throws to end it.
 */
export async function backUp(
  source: BetterSqlite3.Database,
  target: string,
  goesOn: () => void,
): Promise<void> {
  const unfinished = `${target}.${randomUUID()}`
  accessSync(dirname(target)) // the driver's own refusal has no code
  try {
    await source.backup(unfinished, {
      progress() {
        goesOn()
        return STEP_PAGES
      },
    })
    goesOn()
    renameSync(unfinished, target)
    syncFolder(dirname(target))
  } finally {
    rmSync(unfinished, { force: true })
    rmSync(`${unfinished}-journal`, { force: true })
  }
}

/** A new name survives a loss of power once its folder is written. */
function syncFolder(path: string): void {
  if (process.platform === 'win32') return // which opens no folders
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
