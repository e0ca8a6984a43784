import BetterSqlite3 from 'better-sqlite3'

/** A connection that changes nothing and waits for nobody. */
export function openReadOnly(path: string): BetterSqlite3.Database {
  return new BetterSqlite3(path, { readonly: true, timeout: 0 })
}
