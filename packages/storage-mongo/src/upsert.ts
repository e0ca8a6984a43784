import type { MongoContext } from './mongo-context.ts'
import { isDuplicate } from './errors.ts'

const TRIES = 5

/**
 * An upsert by `_id`: where another writer inserted the same at the same moment, it is done again and finds that
 * document. Inside a transaction the whole is run again anyway.
 */
export async function upserting<T>(context: MongoContext, write: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await write()
    } catch (error) {
      if (context.session !== undefined || tries >= TRIES || !isDuplicate(error)) throw error
    }
  }
}
