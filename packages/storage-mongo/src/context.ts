import { createHash } from 'node:crypto'
import {
  type ContextKind,
  type ContextOperations,
  type Implementation,
  conditionalSteps,
} from '@dir/storage-core'
import type { Collection } from 'mongodb'
import type { MongoContext } from './mongo-context.ts'
import type { ContextDocument } from './documents.ts'
import { isDuplicate } from './driver-errors.ts'
import { bulk, replaceAll, upsertOne } from './bulk.ts'
import { exportPage } from './export-page.ts'
import { hostNow } from './time.ts'

const table = (context: MongoContext, kind: ContextKind): Collection<ContextDocument> =>
  context.collection(`context_${kind}`)

const digestOf = (json: string | null): string | null =>
  json === null ? null : createHash('sha256').update(json).digest('base64')

async function get(context: MongoContext, kind: ContextKind, id: string): Promise<string | null> {
  const projection = { dataJson: 1 } as const
  const found = await table(context, kind).findOne({ _id: id }, { ...context.options, projection })
  return found?.dataJson ?? null
}

const set = bulk(
  (kind: ContextKind) => `context_${kind}`,
  (_kind: ContextKind, id: string, dataJson: string) =>
    upsertOne(id, { $set: { dataJson, digest: digestOf(dataJson), updatedAt: hostNow() } }),
)

/** Changes the document whatever else is written, so that it conflicts with every other writer. */
const JUDGED = { $currentDate: { judged: { $type: 'timestamp' } } } as const

async function isStill(
  context: MongoContext,
  kind: ContextKind,
  id: string,
  expectedJson: string | null,
): Promise<boolean> {
  const projection = { digest: 1 } as const
  const found = await table(context, kind).findOne({ _id: id }, { ...context.options, projection })
  return (found?.digest ?? null) === digestOf(expectedJson)
}

/** One update that matches only the expected text; where none is expected, one that inserts. */
async function compareAndSet(
  context: MongoContext,
  kind: ContextKind,
  id: string,
  expectedJson: string | null,
  dataJson: string,
): Promise<boolean> {
  const $set = { dataJson, digest: digestOf(dataJson), updatedAt: hostNow() }
  const filter = { _id: id, digest: digestOf(expectedJson) }
  for (;;) {
    try {
      const upsert = expectedJson === null
      const { matchedCount, upsertedCount } = await table(context, kind).updateOne(
        filter,
        { $set, ...JUDGED },
        { ...context.options, upsert },
      )
      return matchedCount + upsertedCount === 1
    } catch (error) {
      if (!isDuplicate(error)) throw error
      if ((await get(context, kind, id)) !== null) return false
    }
  }
}

export const context: Implementation<ContextOperations, MongoContext> = {
  get,
  set,

  compareAndSet: conditionalSteps(compareAndSet, {
    judge: (
      run: MongoContext,
      kind: ContextKind,
      id: string,
      expectedJson: string | null,
      _dataJson: string,
    ) => isStill(run, kind, id, expectedJson),
    async enact(run, kind, id, _expectedJson, dataJson) {
      const $set = { dataJson, digest: digestOf(dataJson), updatedAt: hostNow() }
      await table(run, kind).updateOne({ _id: id }, { $set, ...JUDGED }, { ...run.options, upsert: true })
      return true
    },
  }),

  expectSession: conditionalSteps(
    (run: MongoContext, dfid: string, expectedJson: string | null) =>
      isStill(run, 'session', dfid, expectedJson),
    {
      judge: (run, dfid, expectedJson) => isStill(run, 'session', dfid, expectedJson),
      async enact(run, dfid) {
        const absent = { dataJson: null, digest: null, updatedAt: hostNow() }
        await table(run, 'session').updateOne(
          { _id: dfid },
          { $setOnInsert: absent, ...JUDGED },
          { ...run.options, upsert: true },
        )
        return true
      },
    },
  ),

  async exportPage(run, cursor) {
    const kind = cursor?.startsWith('state:') === true ? 'state' : 'session'
    const inner = cursor === null || cursor === 'state:' ? null : cursor.slice(kind.length + 1)
    const page = await exportPage(run, `context_${kind}`, '_id', inner, ({ _id, dataJson, updatedAt }) =>
      dataJson === null ? null : ({ type: kind, id: _id, dataJson, updatedAt } as const),
    )
    if (page.next !== null) return { ...page, next: `${kind}:${page.next}` }
    return { ...page, next: kind === 'session' ? 'state:' : null }
  },

  async importPage(run, items) {
    for (const kind of ['session', 'state'] as const) {
      const documents = items
        .filter(({ type }) => type === kind)
        .map(({ id, dataJson, updatedAt }) => ({ _id: id, dataJson, digest: digestOf(dataJson), updatedAt }))
      if (documents.length > 0) await replaceAll(run, `context_${kind}`, documents)
    }
  },
}
