import { randomUUID } from 'node:crypto'
import type { IdempotencyExport } from '@dir/storage-core'
import {
  type IdempotencyReads,
  type IdempotencyWrites,
  type Implementation,
  type SyncImplementation,
  type Transfer,
  conditionalWrite,
} from '@dir/storage-core/adapter'
import { exportPage } from './export-page.ts'
import { replaceAll } from './import.ts'
import type { Wanted } from './load.ts'
import type { LoadedState } from './loaded-state.ts'
import type { MongoContext } from './mongo-context.ts'
import { SERVER_NOW, afterNow, hostNow, plus } from './time.ts'
import { needing } from './writing.ts'

const NAME = 'idempotency_cache'

const itsDocument = (wanted: Wanted, key: string): void => wanted.document(NAME, key)

const itsResult = (wanted: Wanted, key: string): void => {
  itsDocument(wanted, key)
  wanted.resultsOf.add(key)
}

const resultOf = (resultJson: string) => ({ resultJson, createdAt: hostNow(), claim: null })

const ends = (state: LoadedState, key: string, token: string): boolean =>
  state.get(NAME, key)?.claim?.token === token

export const idempotencyWrites: SyncImplementation<IdempotencyWrites, LoadedState> = {
  set(state, key, resultJson) {
    state.update(NAME, key, { $set: { ...resultOf(resultJson), requestHash: null } })
  },

  setIfAbsent: needing(
    itsResult,
    (state: LoadedState, key: string, resultJson: string) => {
      const standing = state.get(NAME, key)?.resultJson ?? null
      if (standing !== null) return { stored: false, resultJson: standing }
      state.update(NAME, key, { $set: { ...resultOf(resultJson), requestHash: null } })
      return { stored: true, resultJson }
    },
    async (context, key, resultJson) => {
      const $set = { ...resultOf(resultJson), requestHash: null }
      const options = { ...context.options, upsert: true }
      await context.collection(NAME).updateOne({ _id: key, resultJson: null }, { $set }, options)
      return { stored: true, resultJson }
    },
  ),

  claim: needing(
    (wanted, key) => {
      wanted.clock()
      itsResult(wanted, key)
    },
    (state: LoadedState, key: string, token: string, leaseMicros: number, requestHash: string | null) => {
      const found = state.get(NAME, key)
      if (found !== null) {
        const { resultJson, claim } = found
        if (found.requestHash !== null && requestHash !== null && found.requestHash !== requestHash)
          return { state: 'mismatch' }
        if (resultJson !== null) return { state: 'replay', resultJson }
        if (claim !== null && claim.until > state.now) return { state: 'inFlight', until: claim.until }
        if (claim !== null) return { state: 'ambiguous', since: claim.since, token: claim.token }
      }
      const claim = { token, since: state.now, until: plus(state.now, leaseMicros) }
      state.update(NAME, key, { $set: { resultJson: null, requestHash, createdAt: null, claim } })
      return { state: 'started' }
    },
    async (context, key, token, leaseMicros, requestHash) => {
      // no document has no `_id`: whatever is there is left alone
      const claim = { token: { $literal: token }, since: SERVER_NOW, until: afterNow(leaseMicros) }
      const fields = { resultJson: null, requestHash: { $literal: requestHash }, createdAt: null, claim }
      const options = { ...context.options, upsert: true }
      await context
        .collection(NAME)
        .updateOne({ _id: key, claim: { $exists: false } }, [{ $set: fields }], options)
      return { state: 'started' }
    },
  ),

  complete: needing(
    itsDocument,
    conditionalWrite(
      (state: LoadedState, key: string, token: string, _resultJson: string) => ends(state, key, token),
      (state, key, _token, resultJson) => {
        state.update(NAME, key, { $set: resultOf(resultJson) })
        return true
      },
    ),
    async (context, key, token, resultJson) => {
      const { matchedCount } = await context
        .collection(NAME)
        .updateOne({ _id: key, 'claim.token': token }, { $set: resultOf(resultJson) }, context.options)
      return matchedCount === 1 ? true : null
    },
  ),

  abandon: needing(
    itsDocument,
    conditionalWrite(ends, (state, key) => {
      state.remove(NAME, key)
      return true
    }),
  ),
}

export const idempotency: Implementation<IdempotencyReads & Transfer<IdempotencyExport>, MongoContext> = {
  async get(context, key) {
    const found = await context.collection(NAME).findOne({ _id: key }, context.options)
    return found?.resultJson ?? null
  },

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
