import { accessSync, closeSync, existsSync, fsyncSync, linkSync, openSync, renameSync, rmSync } from 'node:fs'
import { randomUUID } from 'node:crypto'
import { dirname } from 'node:path'
import { InvalidArgumentError } from '@dir/storage-core'
import type BetterSqlite3 from 'better-sqlite3'
import { IN_MEMORY, checkPath, realPath } from './options.ts'
import { codeOf } from './result-codes.ts'

/** So many pages are copied in one go, before the event loop runs again. */
const STEP_PAGES = 100

/** The absolute path for a copy, where nothing may be yet: SQLite would put another file's log into it. */
export function checkTarget(path: unknown): string {
  const target = checkPath(path)
  if (target === IN_MEMORY) throw new InvalidArgumentError('path', 'must be the path of a file')
  for (const suffix of ['', '-wal', '-shm', '-journal'])
    if (existsSync(realPath(target) + suffix)) throw taken(suffix)
  return target
}

function taken(suffix: string): InvalidArgumentError {
  const beside = suffix === '' ? '' : `, with ${suffix} at its end,`
  return new InvalidArgumentError('path', `${beside}leads to something that is there already`)
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
    giveName(unfinished, target)
    syncFolder(dirname(target))
  } finally {
    rmSync(unfinished, { force: true })
    rmSync(`${unfinished}-journal`, { force: true })
  }
}

/** Takes the name from nobody who got it meanwhile, wherever the file system has hard links. */
function giveName(unfinished: string, target: string): void {
  try {
    linkSync(unfinished, target)
  } catch (error) {
    if (codeOf(error) === 'EEXIST' || existsSync(target)) throw taken('')
    renameSync(unfinished, target)
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
