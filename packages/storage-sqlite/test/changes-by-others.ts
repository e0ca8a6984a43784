import { join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { randomStream } from '../../../conformance/src/random.ts'
import { sqliteStorage } from '../src/index.ts'

const stream = randomStream(1, 'changes by others')

/** From 0 to below `most`; the same on every run. */
export const random = (most: number): number => Math.floor(stream() * most)

export const pick = <T>(values: readonly T[]): T => values[random(values.length)] as T

/** A new file of ours, and the connection of another program that changes it: where triggers call each other, or do not. */
export async function changedByOthers(
  folder: string,
  recursive: boolean,
  act: (db: BetterSqlite3.Database, storage: ReturnType<typeof sqliteStorage>) => Promise<void> | void,
): Promise<void> {
  const path = join(folder, `${recursive}.sqlite`)
  await using storage = sqliteStorage(path)
  await storage.init()
  const db = new BetterSqlite3(path)
  db.pragma('synchronous = OFF')
  db.pragma(`recursive_triggers = ${recursive ? 'ON' : 'OFF'}`)
  await act(db, storage)
  db.close()
}
