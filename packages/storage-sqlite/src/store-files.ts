import { existsSync, readdirSync, readlinkSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileMoved, logMoved } from './errors.ts'
import { realPath } from './options.ts'

/** What SQLite keeps beside a file in WAL mode, by which handles it was found; all of a process share one `-shm`. */
interface Beside {
  readonly files: string
  readonly users: Set<StoreFiles>
}

/** More than the step in which file systems count time: two changes within one look like one. */
const CLOCK_TICK_MS = 100

const OPEN_FILES = '/proc/self/fd'

/** By the identity of the main file, in this thread. */
const besideOf = new Map<string, Beside>()

/**
 * The files of one open store, by device and inode. SQLite writes on to a file that was removed or replaced, and to a
 * log that another process took away; what is written there is lost, so a handle looks before it acknowledges.
 */
export class StoreFiles {
  readonly path: string
  /** Where SQLite keeps its other files, when `path` leads through a symbolic link. */
  readonly #real: string
  readonly #main: string
  /** The folder as it was at the last look at everything, if nothing can have changed since unseen. */
  #folder = ''
  #beside: Beside | undefined
  #sawLog = false

  constructor(path: string) {
    this.path = path
    this.#real = realPath(path)
    this.#main = identify(path)
  }

  /** Whether the log is known, and so watched. */
  get hasLog(): boolean {
    return this.#beside !== undefined
  }

  /** Takes the log and its index as they are now: SQLite has just opened them. */
  watchLog(): void {
    const files = lookBeside(this.#real)
    let beside = besideOf.get(this.#main)
    if (beside === undefined) besideOf.set(this.#main, (beside = { files, users: new Set() }))
    else if (beside.files !== files) throw logMoved() // see `refuseBesideStale`
    beside.users.add(this)
    this.#beside = beside
  }

  /**
   * Throws if the path, or a name beside it, does not lead to the opened files any more. As long as the folder has not
   * changed, nor lately, nothing else needs to be looked at.
   */
  check(): void {
    const stat = statSync(dirname(this.#real), { throwIfNoEntry: false })
    const folder = stat === undefined ? '' : `${stat.dev}:${stat.ino}:${stat.ctimeMs}`
    if (folder !== '' && folder === this.#folder) return
    if (identify(this.path) !== this.#main) throw fileMoved()
    if (this.#beside !== undefined && lookBeside(this.#real) !== this.#beside.files) throw logMoved()
    this.#sawLog = identify(`${this.#real}-wal`) !== ''
    const isSettled = stat !== undefined && Date.now() - stat.ctimeMs > CLOCK_TICK_MS
    this.#folder = isSettled && this.path === this.#real ? folder : ''
  }

  /** Whether `check` saw a log although none is watched: somebody may have set the file to WAL mode. */
  get hasNewLog(): boolean {
    return this.#beside === undefined && this.#sawLog
  }

  hasJournal(): boolean {
    return this.#beside === undefined && identify(`${this.#real}-journal`) !== ''
  }

  forget(): void {
    this.#beside?.users.delete(this)
    if (this.#beside?.users.size === 0) besideOf.delete(this.#main)
  }
}

/**
 * Throws if another handle of this process still has a log that was taken away: SQLite would share its index with a new
 * one, beside another log.
 */
export function refuseBesideStale(path: string): void {
  const real = realPath(path)
  const beside = besideOf.get(identify(path))
  if (beside !== undefined && beside.files !== lookBeside(real)) throw logMoved()
  const removed = removedFiles()
  if (removed.has(`${real}-shm`) && !removed.has(real)) throw logMoved()
}

/** Removed files that this process has open, in any of its threads; only Linux tells them. */
function removedFiles(): ReadonlySet<string> {
  const removed = new Set<string>()
  for (const file of existsSync(OPEN_FILES) ? readdirSync(OPEN_FILES) : []) {
    try {
      const [, path] = /^(.*) \(deleted\)$/s.exec(readlinkSync(`${OPEN_FILES}/${file}`)) ?? []
      if (path !== undefined) removed.add(path)
    } catch {
      // closed meanwhile
    }
  }
  return removed
}

/** How large the write-ahead log beside a file is; 0 where there is none. */
export function logBytes(path: string): number {
  return statSync(`${realPath(path)}-wal`, { throwIfNoEntry: false })?.size ?? 0
}

function lookBeside(real: string): string {
  return `${identify(`${real}-wal`)} ${identify(`${real}-shm`)}`
}

/** Empty: nothing is there. */
export function identify(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false })
  return stat === undefined ? '' : `${stat.dev}:${stat.ino}`
}
