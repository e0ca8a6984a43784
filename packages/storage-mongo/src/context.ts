import { createHash } from 'node:crypto'
import type { ContextExport } from '@dir/storage-core'
import {
  type ContextKind,
  type ContextReads,
  type ContextWrites,
  type Implementation,
  type SyncImplementation,
  type Transfer,
  conditionalWrite,
} from '@dir/storage-core/adapter'
import { exportPage } from './export-page.ts'
import { replaceAll } from './import.ts'
import type { LoadedState } from './loaded-state.ts'
import type { MongoContext } from './mongo-context.ts'
import { pruningDocument } from './prune.ts'
import { hostNow } from './time.ts'
import { needing } from './writing.ts'

const digestOf = (json: string | null): string | null =>
  json === null ? null : createHash('sha256').update(json).digest('base64')

/** Changes the document whatever else is written, so that it conflicts with every other writer. */
const JUDGED = { $currentDate: { judged: { $type: 'timestamp' } } } as const

function changeTo(dataJson: string) {
  return { $set: { dataJson, digest: digestOf(dataJson), updatedAt: hostNow() } }
}

function isStill(state: LoadedState, kind: ContextKind, id: string, expectedJson: string | null): boolean {
  return (state.get(`context_${kind}`, id)?.digest ?? null) === digestOf(expectedJson)
}

const found = (state: LoadedState, kind: ContextKind, id: string): string | null =>
  isStill(state, kind, id, null) ? null : 'other'

export const contextWrites: SyncImplementation<ContextWrites, LoadedState> = {
  set(state, kind, id, dataJson) {
    state.update(`context_${kind}`, id, changeTo(dataJson))
  },

  compareAndSet: needing(
    (wanted, kind, id) => wanted.document(`context_${kind}`, id),
    conditionalWrite(
      (state: LoadedState, kind: ContextKind, id: string, expectedJson: string | null, _dataJson: string) =>
        isStill(state, kind, id, expectedJson),
      (state, kind, id, _expectedJson, dataJson) => {
        state.update(`context_${kind}`, id, { ...changeTo(dataJson), ...JUDGED })
        return true
      },
      found,
    ),
    async (context, kind, id, expectedJson, dataJson) => {
      const filter = { _id: id, digest: digestOf(expectedJson) }
      const options = { ...context.options, upsert: expectedJson === null }
      const { matchedCount, upsertedCount } = await context
        .collection(`context_${kind}`)
        .updateOne(filter, { ...changeTo(dataJson), ...JUDGED }, options)
      return matchedCount + upsertedCount === 1 ? true : null
    },
  ),

  expectSession: needing(
    (wanted, dfid) => wanted.document('context_session', dfid),
    conditionalWrite(
      (state: LoadedState, dfid: string, expectedJson: string | null) =>
        isStill(state, 'session', dfid, expectedJson),
      (state, dfid) => {
        const absent = { dataJson: null, digest: null, updatedAt: hostNow() }
        state.update('context_session', dfid, { $setOnInsert: absent, ...JUDGED })
        return true
      },
      (state, dfid) => found(state, 'session', dfid),
    ),
  ),

  pruneFlow: pruningDocument('context_session', () => true, { isRecord: ({ digest }) => digest !== null }),
}

export const context: Implementation<ContextReads & Transfer<ContextExport>, MongoContext> = {
  async get(run, kind, id) {
    const projection = { dataJson: 1 } as const
    const found = await run.collection(`context_${kind}`).findOne({ _id: id }, { ...run.options, projection })
    return found?.dataJson ?? null
  },

  async exportPage(run, cursor) {
    const kind = cursor?.startsWith('state:') === true ? 'state' : 'session'
    const inner = cursor === null || cursor === 'state:' ? null : cursor.slice(kind.length + 1)
    const page = await exportPage(run, `context_${kind}`, ['_id'], inner, ({ _id, dataJson, updatedAt }) =>
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
