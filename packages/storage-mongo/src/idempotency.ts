import { randomUUID } from 'node:crypto'
import { type IdempotencyOperations, type Implementation, conditionalSteps } from '@dir/storage-core'
import type { MongoContext } from './mongo-context.ts'
import type { IdempotencyDocument } from './documents.ts'
import { bulk, replaceAll, upsertOne } from './bulk.ts'
import { isDuplicate } from './driver-errors.ts'
import { exportPage } from './export-page.ts'
import { hostNow, plus } from './time.ts'

const NAME = 'idempotency_cache'

const find = (context: MongoContext, key: string): Promise<IdempotencyDocument | null> =>
  context.collection(NAME).findOne({ _id: key }, context.options)

async function isCurrent(context: MongoContext, key: string, token: string): Promise<boolean> {
  return (await find(context, key))?.claim?.token === token
}

async function complete(
  context: MongoContext,
  key: string,
  token: string,
  resultJson: string,
): Promise<boolean> {
  const { matchedCount } = await context
    .collection(NAME)
    .updateOne(
      { _id: key, 'claim.token': token },
      { $set: { resultJson, createdAt: hostNow(), claim: null } },
      context.options,
    )
  return matchedCount === 1
}

async function abandon(context: MongoContext, key: string, token: string): Promise<boolean> {
  const { deletedCount } = await context
    .collection(NAME)
    .deleteOne({ _id: key, 'claim.token': token }, context.options)
  return deletedCount === 1
}

export const idempotency: Implementation<IdempotencyOperations, MongoContext> = {
  get: async (context, key) => (await find(context, key))?.resultJson ?? null,

  set: bulk(
    () => NAME,
    (key: string, resultJson: string) => {
      const update = { $set: { resultJson, requestHash: null, createdAt: hostNow(), claim: null } }
      return upsertOne(key, update)
    },
  ),

  async setIfAbsent(context, key, resultJson) {
    const $set = { resultJson, requestHash: null, createdAt: hostNow(), claim: null }
    for (;;) {
      try {
        await context
          .collection(NAME)
          .updateOne({ _id: key, resultJson: null }, { $set }, { ...context.options, upsert: true })
        return { stored: true, resultJson }
      } catch (error) {
        if (!isDuplicate(error)) throw error
        const standing = (await find(context, key))?.resultJson ?? null
        if (standing !== null) return { stored: false, resultJson: standing }
      }
    }
  },

  async claim(context, key, token, leaseMicros, requestHash) {
    for (;;) {
      const [found, now] = await Promise.all([find(context, key), context.now()])
      if (found !== null) {
        const { resultJson, claim } = found
        if (found.requestHash !== null && requestHash !== null && found.requestHash !== requestHash)
          return { state: 'mismatch' }
        if (resultJson !== null) return { state: 'replay', resultJson }
        if (claim !== null && claim.until > now) return { state: 'inFlight', until: claim.until }
        if (claim !== null) return { state: 'ambiguous', since: claim.since, token: claim.token }
      }
      const claim = { token, since: now, until: plus(now, leaseMicros) }
      try {
        await context
          .collection(NAME)
          .insertOne({ _id: key, resultJson: null, requestHash, createdAt: null, claim }, context.options)
        return { state: 'started' }
      } catch (error) {
        if (!isDuplicate(error)) throw error
      }
    }
  },

  complete: conditionalSteps(complete, {
    judge: (context: MongoContext, key: string, token: string, _resultJson: string) =>
      isCurrent(context, key, token),
    enact: complete,
  }),

  abandon: conditionalSteps(abandon, { judge: isCurrent, enact: abandon }),

  exportPage: (context, cursor) =>
    exportPage(context, NAME, '_id', cursor, ({ _id, claim, ...effect }) => {
      return { type: 'idempotency', key: _id, ...effect, claimedAt: claim?.since ?? null }
    }),

  async importPage(context, items) {
    const documents = items.map(({ type: _, unfit: __, key, claimedAt, ...effect }) => {
      // nobody here holds the token of a claim that was made elsewhere: it arrives as ambiguous, under a new one
      const claim = claimedAt === null ? null : { token: randomUUID(), since: claimedAt, until: claimedAt }
      return { _id: key, ...effect, claim }
    })
    await replaceAll(context, NAME, documents)
  },
}
