import type { RetryCountExport } from '@dir/storage-core'
import {
  type Implementation,
  type IntentRetryReads,
  type IntentRetryWrites,
  type SyncImplementation,
  type Transfer,
  nextCount,
  MAX_INT32,
} from '@dir/storage-core/adapter'
import { exportPage } from './export-page.ts'
import { replaceAll } from './import.ts'
import type { LoadedState } from './loaded-state.ts'
import type { MongoContext } from './mongo-context.ts'
import { pruningDocument } from './prune.ts'
import { hostNow } from './time.ts'
import { needing } from './writing.ts'

const NAME = 'intent_retry_counts'

const getCount = (state: LoadedState, dfid: string): number => state.get(NAME, dfid)?.count ?? 0

function setCount(state: LoadedState, dfid: string, count: number): void {
  state.update(NAME, dfid, { $set: { count, updatedAt: hostNow() } })
}

export const intentRetryWrites: SyncImplementation<
  IntentRetryWrites & Pick<IntentRetryReads, 'getCount'>,
  LoadedState
> = {
  getCount,
  setCount,

  delete(state, dfid) {
    state.remove(NAME, dfid)
  },

  increment: needing(
    (wanted, dfid) => wanted.document(NAME, dfid),
    (state: LoadedState, dfid: string) => {
      const next = nextCount(getCount(state, dfid))
      setCount(state, dfid, next)
      return next
    },
    async (context, dfid) => {
      const counted = await context
        .collection(NAME)
        .findOneAndUpdate(
          { _id: dfid, count: { $lt: MAX_INT32 } },
          { $inc: { count: 1 }, $set: { updatedAt: hostNow() } },
          { ...context.options, upsert: true, returnDocument: 'after' },
        )
      return counted?.count ?? null
    },
  ),

  pruneFlow: pruningDocument(NAME, () => true),
}

export const intentRetry: Implementation<IntentRetryReads & Transfer<RetryCountExport>, MongoContext> = {
  async getCount(context, dfid) {
    return (await context.collection(NAME).findOne({ _id: dfid }, context.options))?.count ?? 0
  },

  exportPage: (context, cursor) =>
    exportPage(context, NAME, ['_id'], cursor, ({ _id, ...row }) => ({
      type: 'retryCount',
      dfid: _id,
      ...row,
    })),

  async importPage(context, items) {
    const documents = items.map(({ dfid, count, updatedAt }) => ({ _id: dfid, count, updatedAt }))
    await replaceAll(context, NAME, documents)
  },
}
