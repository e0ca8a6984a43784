import { type Implementation, type IntentRetryOperations, nextCount } from '@dir/storage-core'
import type { MongoContext } from './mongo-context.ts'
import { bulk, deleteOne, replaceAll, upsertOne } from './bulk.ts'
import { isDuplicate } from './driver-errors.ts'
import { exportPage } from './export-page.ts'
import { hostNow } from './time.ts'

const NAME = 'intent_retry_counts'
const MAX_INT32 = 2 ** 31 - 1

async function getCount(context: MongoContext, dfid: string): Promise<number> {
  return (await context.collection(NAME).findOne({ _id: dfid }, context.options))?.count ?? 0
}

export const intentRetry: Implementation<IntentRetryOperations, MongoContext> = {
  getCount,

  setCount: bulk(
    () => NAME,
    (dfid: string, count: number) => {
      const update = { $set: { count, updatedAt: hostNow() } }
      return upsertOne(dfid, update)
    },
  ),

  delete: bulk(
    () => NAME,
    (dfid: string) => deleteOne(dfid),
  ),

  async increment(context, dfid) {
    for (;;) {
      try {
        const counted = await context
          .collection(NAME)
          .findOneAndUpdate(
            { _id: dfid, count: { $lt: MAX_INT32 } },
            { $inc: { count: 1 }, $set: { updatedAt: hostNow() } },
            { ...context.options, upsert: true, returnDocument: 'after' },
          )
        return counted?.count ?? 0
      } catch (error) {
        if (context.session !== undefined || !isDuplicate(error)) throw error
        nextCount(await getCount(context, dfid)) // throws where the count, and not another writer, was in the way
      }
    }
  },

  exportPage: (context, cursor) =>
    exportPage(context, NAME, '_id', cursor, ({ _id, ...row }) => ({
      type: 'retryCount',
      dfid: _id,
      ...row,
    })),

  async importPage(context, items) {
    const documents = items.map(({ dfid, count, updatedAt }) => ({ _id: dfid, count, updatedAt }))
    await replaceAll(context, NAME, documents)
  },
}
