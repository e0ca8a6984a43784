import { postgresStorage } from '@dir/storage-postgres'
import { type ClientBase, Pool } from 'pg'
import { type Database, type Query, TABLE, unlessContended } from './database.ts'

export async function openPostgres(url: string): Promise<Database> {
  const pool = new Pool({ connectionString: url })
  pool.on('error', () => {}) // a connection that was idle; whoever needs one gets another
  const storage = postgresStorage({ url })
  await storage.init()
  await pool.query(TABLE)

  async function commit(work: Parameters<Database['transaction']>[0]): Promise<boolean> {
    const client = await pool.connect()
    let broken: Error | undefined
    try {
      await client.query('BEGIN')
      const isGood = await work({ query: queryOn(client), storage: storage.within(client) })
      await client.query(isGood ? 'COMMIT' : 'ROLLBACK')
      return isGood
    } catch (error) {
      await client.query('ROLLBACK').catch((failure: Error) => (broken = failure))
      throw error
    } finally {
      client.release(broken)
    }
  }

  return {
    storage,
    query: queryOn(pool),
    transaction: (work) => unlessContended(() => commit(work)),
    async close() {
      await storage.close()
      await pool.end()
    },
  }
}

function queryOn(client: Pick<ClientBase, 'query'>): Query {
  return async (sql, ...values) => (await client.query(sql, [...values])).rows
}
