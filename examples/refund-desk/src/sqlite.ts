import { sqliteStorage } from '@dir/storage-sqlite'
import Sqlite from 'better-sqlite3'
import { type Database, type Query, TABLE, unlessContended } from './database.ts'

export async function openSqlite(path: string): Promise<Database> {
  const storage = sqliteStorage(path)
  await storage.init() // it makes the file, and in a transaction it would wait for itself
  // one connection for transactions alone: whatever else ran on it while they wait would be part of them
  const forTransactions = connect(path)
  const forStatements = connect(path)
  forStatements.exec(TABLE)
  let turn: Promise<unknown> = Promise.resolve()

  async function commit(work: Parameters<Database['transaction']>[0]): Promise<boolean> {
    const db = forTransactions
    db.exec('BEGIN IMMEDIATE')
    try {
      const isGood = await work({ query: queryOn(db), storage: storage.within(db) })
      db.exec(isGood ? 'COMMIT' : 'ROLLBACK')
      return isGood
    } catch (error) {
      if (db.inTransaction) db.exec('ROLLBACK')
      throw error
    }
  }

  return {
    storage,
    query: queryOn(forStatements),
    transaction(work) {
      const mine = turn.then(() => unlessContended(() => commit(work)))
      turn = mine.catch(() => {})
      return mine
    },
    async close() {
      await storage.close()
      await turn
      forTransactions.close()
      forStatements.close()
    },
  }
}

function connect(path: string): Sqlite.Database {
  const db = new Sqlite(path)
  db.pragma('synchronous = FULL') // a commit waits for the disk, as the store's own do
  return db
}

function queryOn(db: Sqlite.Database): Query {
  return async (sql, ...values) => {
    const statement = db.prepare(sql)
    const named = Object.fromEntries(values.map((value, index) => [index + 1, value]))
    if (statement.reader) return statement.all(named)
    statement.run(named)
    return []
  }
}
