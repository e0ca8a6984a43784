import type { Database } from './database.ts'
import { openPostgres } from './postgres.ts'
import { openSqlite } from './sqlite.ts'

/** By a URL of PostgreSQL, or the path of an SQLite file. */
export function openDatabase(place: string): Promise<Database> {
  return place.startsWith('postgres') ? openPostgres(place) : openSqlite(place)
}
