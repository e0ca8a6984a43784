import type { IdempotencyExport } from '@dir/storage-core'
import {
  type IdempotencyReads,
  type IdempotencyWrites,
  type Implementation,
  type SyncImplementation,
  type Transfer,
  conditionalWrite,
} from '@dir/storage-core/adapter'
import { claimsPage } from './claims.ts'
import { resultOf, setTo, toDocument, toExport } from './effects.ts'
import { exportPage } from './export-page.ts'
import { replaceAll } from './import.ts'
import type { Wanted } from './load.ts'
import type { LoadedState } from './loaded-state.ts'
import type { MongoContext } from './mongo-context.ts'
import { oldDocuments, prunePage, pruningRecords } from './prune.ts'
import { SERVER_NOW, afterNow, plus } from './time.ts'
import { needing, outside } from './writing.ts'

const NAME = 'idempotency_cache'

const itsDocument = (wanted: Wanted, key: string): void => wanted.document(NAME, key)

const itsResult = (wanted: Wanted, key: string): void => {
  itsDocument(wanted, key)
  wanted.resultsOf.add(key)
}

const isCurrent = (state: LoadedState, key: string, token: string): boolean =>
  state.get(NAME, key)?.claim?.token === token

function found(state: LoadedState, key: string): string | null {
  const effect = state.get(NAME, key)
  if (effect === null) return null
  return effect.claim === null ? 'finished' : 'claimed'
}

export const idempotencyWrites: SyncImplementation<IdempotencyWrites, LoadedState> = {
  set(state, key, resultJson) {
    state.update(NAME, key, setTo(resultJson))
  },

  setIfAbsent: needing(
    itsResult,
    (state: LoadedState, key: string, resultJson: string) => {
      const standing = state.get(NAME, key)?.resultJson ?? null
      if (standing !== null) return { stored: false, resultJson: standing }
      state.update(NAME, key, setTo(resultJson))
      return { stored: true, resultJson }
    },
    async (context, key, resultJson) => {
      const options = { ...context.options, upsert: true }
      await context.collection(NAME).updateOne({ _id: key, resultJson: null }, setTo(resultJson), options)
      return { stored: true, resultJson }
    },
  ),

  claim: needing(
    (wanted, key) => {
      wanted.clock()
      itsResult(wanted, key)
    },
    (
      state: LoadedState,
      key: string,
      token: string,
      leaseMicros: number,
      requestHash: string | null,
      dfid: string | null,
      stepId: string | null,
    ) => {
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
      state.update(NAME, key, {
        $set: { resultJson: null, requestHash, createdAt: null, claim, dfid, stepId },
      })
      return { state: 'started' }
    },
    async (context, key, token, leaseMicros, requestHash, dfid, stepId) => {
      // no document has no `_id`: whatever is there is left alone
      const work = { dfid: { $literal: dfid }, stepId: { $literal: stepId } }
      const claim = { token: { $literal: token }, since: SERVER_NOW, until: afterNow(leaseMicros) }
      const request = { requestHash: { $literal: requestHash }, ...work }
      const fields = { resultJson: null, createdAt: null, claim, ...request }
      const options = { ...context.options, upsert: true }
      await context
        .collection(NAME)
        .updateOne({ _id: key, claim: { $exists: false } }, [{ $set: fields }], options)
      return { state: 'started' }
    },
  ),

  renewClaim: needing(
    (wanted, key) => {
      wanted.clock()
      itsDocument(wanted, key)
    },
    conditionalWrite(
      (state: LoadedState, key: string, token: string, _leaseMicros: number) => isCurrent(state, key, token),
      (state, key, _token, leaseMicros) => {
        const claim = state.get(NAME, key)?.claim ?? null
        if (claim !== null)
          state.update(NAME, key, { $set: { claim: { ...claim, until: plus(state.now, leaseMicros) } } })
        return true
      },
      found,
    ),
    async (context, key, token, leaseMicros) => {
      const { matchedCount } = await context
        .collection(NAME)
        .updateOne(
          { _id: key, 'claim.token': token },
          [{ $set: { 'claim.until': afterNow(leaseMicros) } }],
          context.options,
        )
      return matchedCount === 1 ? true : null
    },
  ),

  complete: needing(
    itsDocument,
    conditionalWrite(
      (state: LoadedState, key: string, token: string, _resultJson: string) => isCurrent(state, key, token),
      (state, key, _token, resultJson) => {
        state.update(NAME, key, { $set: resultOf(resultJson) })
        return true
      },
      found,
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
    conditionalWrite(
      isCurrent,
      (state, key) => {
        state.remove(NAME, key)
        return true
      },
      found,
    ),
  ),

  pruneFlow: pruningRecords(NAME, ({ latest }, before) => latest < before),

  prunePage: outside((context, before, kept, cursor, dryRun) => {
    const old = { dfid: null, claim: null, ...oldDocuments(before, kept) }
    return prunePage(context, NAME, old, cursor, dryRun)
  }),
}

export const idempotency: Implementation<IdempotencyReads & Transfer<IdempotencyExport>, MongoContext> = {
  async get(context, key) {
    const found = await context.collection(NAME).findOne({ _id: key }, context.options)
    return found?.resultJson ?? null
  },

  claimsPage,

  exportPage: (context, cursor) => exportPage(context, NAME, ['_id'], cursor, toExport),

  importPage: (context, items) => replaceAll(context, NAME, items.map(toDocument)),
}
