import { sql as drizzled } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { Kysely, PostgresDialect, sql } from 'kysely'
import { Pool } from 'pg'
import type { Orders } from '../../../test/load/orders.ts'
import { url } from './backend.ts'

/** Takes a transaction back, which both libraries do where its callback throws. */
class TakenBack extends Error {}

/** Orders in a table beside the store's, written alternately by Kysely and by Drizzle. */
export function ordersOf(namespace: string): Orders {
  const pool = new Pool({ connectionString: url, max: 1 }).on('error', () => {})
  const kysely = new Kysely<object>({ dialect: new PostgresDialect({ pool }) })
  const orm = drizzle(pool)
  const table = `public."orders_${namespace}"`
  return {
    create: () => pool.query(`CREATE TABLE ${table} (id TEXT PRIMARY KEY)`),
    async transact(n, act) {
      const kept = async (isKept: Promise<boolean>): Promise<void> => {
        if (!(await isKept)) throw new TakenBack()
      }
      const done =
        n % 2 === 0
          ? kysely.transaction().execute((client) => {
              const order = (id: string): Promise<unknown> =>
                sql`INSERT INTO ${sql.raw(table)} VALUES (${id})`.execute(client)
              return kept(act({ client, order }))
            })
          : orm.transaction((client) => {
              const order = async (id: string): Promise<unknown> =>
                client.execute(drizzled`INSERT INTO ${drizzled.raw(table)} VALUES (${id})`)
              return kept(act({ client, order }))
            })
      await done.catch((error: unknown) => {
        if (!(error instanceof TakenBack)) throw error
      })
    },
    isContention: (error) => {
      const { code, cause } = error as { code?: unknown; cause?: { code?: unknown } }
      return ['40001', '40P01'].includes(String(code ?? cause?.code))
    },
    list: async () => (await pool.query<{ id: string }>(`SELECT id FROM ${table}`)).rows.map(({ id }) => id),
    close: () => pool.end(),
  }
}
