import { setTimeout as sleep } from 'node:timers/promises'
import BetterSqlite3 from 'better-sqlite3'
import type { Orders } from '../../../test/load/orders.ts'
import { fileOf } from './backend.ts'

/** Orders in a table of the store's file, written on a connection of the application's own. */
export function ordersOf(namespace: string): Orders {
  const db = new BetterSqlite3(fileOf(namespace), { timeout: 0 })
  const isContention = (error: unknown): boolean =>
    String((error as { code?: unknown }).code).startsWith('SQLITE_BUSY')
  /** Waits without blocking the process. */
  const exec = async (statement: string): Promise<void> => {
    for (;;)
      try {
        return void db.exec(statement)
      } catch (error) {
        if (!isContention(error)) throw error
        await sleep(1 + Math.random() * 5)
      }
  }
  return {
    create: () => exec('CREATE TABLE orders (id TEXT PRIMARY KEY)'),
    async transact(n, act) {
      await exec(n % 4 === 0 ? 'BEGIN' : 'BEGIN IMMEDIATE')
      try {
        const isKept = await act({
          client: db,
          order: async (id) => db.prepare('INSERT INTO orders VALUES (?)').run(id),
        })
        await exec(isKept ? 'COMMIT' : 'ROLLBACK')
      } finally {
        if (db.inTransaction) await exec('ROLLBACK')
      }
    },
    isContention,
    list: async () => db.prepare('SELECT id FROM orders').pluck().all() as string[],
    close: async () => db.close(),
  }
}
