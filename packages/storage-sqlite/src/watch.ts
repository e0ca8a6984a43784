import type { Watching } from '@dir/storage-core/adapter'
import type { SqliteConnection } from './connection.ts'

const EVERY_MS = 20

/** Looks for commits of other connections, and for changes of our own: two numbers that SQLite keeps in memory. */
export function watchEvents(open: () => SqliteConnection | undefined, changed: () => void): Watching {
  let seen = ''
  const look = (): void => {
    const db = open()
    if (db === undefined) return
    try {
      const own = db.get(/* sql */ `SELECT total_changes() AS changes`)?.['changes']
      const state = `${String(db.pragma('data_version'))} ${String(own)}`
      if (state !== seen) changed()
      seen = state
    } catch {
      // a file that is locked now is looked at the next time
    }
  }
  const timer = setInterval(look, EVERY_MS)
  return { isLive: true, stop: () => clearInterval(timer) }
}
