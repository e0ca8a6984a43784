import { randomUUID } from 'node:crypto'
import { type Operations, type SyncImplementation, conditionalWrite } from '@dir/storage-core/adapter'
import { onePage } from './export-page.ts'
import type { MemoryState } from './state.ts'
import { later, now } from './time.ts'

function set(
  { effects }: MemoryState,
  key: string,
  resultJson: string,
  requestHash: string | null = null,
): void {
  effects.set(key, { resultJson, requestHash, createdAt: now(), claim: null })
}

const ends = ({ effects }: MemoryState, key: string, token: string): boolean =>
  effects.get(key)?.claim?.token === token

/** An imported claim is over, whatever the clock of its origin said. */
const LONG_AGO = '1970-01-01T00:00:00.000000Z'

export const idempotency: SyncImplementation<Operations['idempotency'], MemoryState> = {
  get: ({ effects }, key) => effects.get(key)?.resultJson ?? null,

  set,

  setIfAbsent(state, key, resultJson) {
    const standing = state.effects.get(key)?.resultJson ?? null
    if (standing !== null) return { stored: false, resultJson: standing }
    set(state, key, resultJson)
    return { stored: true, resultJson }
  },

  claim({ effects }, key, token, leaseMicros, requestHash) {
    const effect = effects.get(key)
    if (effect !== undefined) {
      const { resultJson, claim } = effect
      if (effect.requestHash !== null && requestHash !== null && effect.requestHash !== requestHash)
        return { state: 'mismatch' }
      if (resultJson !== null) return { state: 'replay', resultJson }
      if (claim !== null && claim.until > now()) return { state: 'inFlight', until: claim.until }
      if (claim !== null) return { state: 'ambiguous', since: claim.since, token: claim.token }
    }
    const claim = { token, since: now(), until: later(leaseMicros) }
    effects.set(key, { resultJson: null, requestHash, createdAt: null, claim })
    return { state: 'started' }
  },

  complete: conditionalWrite(
    (state: MemoryState, key: string, token: string, _resultJson: string) => ends(state, key, token),
    (state, key, _token, resultJson) => {
      set(state, key, resultJson, state.effects.get(key)?.requestHash)
      return true
    },
  ),

  abandon: conditionalWrite(ends, ({ effects }, key) => effects.delete(key)),

  exportPage: ({ effects }) =>
    onePage(
      [...effects].map(([key, { resultJson, requestHash, createdAt, claim }]) => {
        return {
          type: 'idempotency' as const,
          key,
          resultJson,
          requestHash,
          createdAt,
          claimedAt: claim?.since ?? null,
        }
      }),
    ),

  importPage({ effects }, items) {
    for (const { key, resultJson, requestHash, createdAt, claimedAt } of items) {
      // nobody here holds the token of a claim that was made elsewhere: it arrives as ambiguous, under a new one
      const claim = claimedAt === null ? null : { token: randomUUID(), since: claimedAt, until: LONG_AGO }
      effects.set(key, { resultJson, requestHash, createdAt, claim })
    }
  },
}
