import { randomUUID } from 'node:crypto'
import type { Instant } from '@dir/storage-core'
import {
  type ClaimRow,
  IMPORTED_UNTIL,
  type Operations,
  type SyncImplementation,
  conditionalWrite,
  oldBefore,
  flowPruning,
} from '@dir/storage-core/adapter'
import { onePage } from './export-page.ts'
import { PAGE } from './in-order.ts'
import type { ClaimPlace, MemoryState, StoredClaim, StoredEffect } from './state.ts'
import { isOlder, later, now } from './time.ts'

/** Null: there is none any more. */
function put(
  { effects, claims, effectsByFlow }: MemoryState,
  key: string,
  effect: StoredEffect | null,
): void {
  const before = effects.get(key)
  if (before?.claim != null) claims.remove({ since: before.claim.since, key })
  if (before?.dfid != null) {
    const others = effectsByFlow.get(before.dfid)
    others?.delete(key)
    if (others?.size === 0) effectsByFlow.delete(before.dfid)
  }
  if (effect === null) {
    effects.delete(key)
    return
  }
  effects.set(key, effect)
  if (effect.claim !== null) claims.add({ since: effect.claim.since, key })
  if (effect.dfid === null) return
  const flow = effectsByFlow.get(effect.dfid) ?? new Set()
  effectsByFlow.set(effect.dfid, flow.add(key))
}

/** What nobody claimed it for is kept of nothing. */
const OF_NOTHING = { requestHash: null, dfid: null, stepId: null }

function set(
  state: MemoryState,
  key: string,
  resultJson: string,
  claimed: Pick<StoredEffect, keyof typeof OF_NOTHING> = OF_NOTHING,
): void {
  const { requestHash, dfid, stepId } = claimed
  put(state, key, { resultJson, requestHash, createdAt: now(), claim: null, dfid, stepId })
}

const ofFlow = ({ effects, effectsByFlow }: MemoryState, dfid: string): (readonly [string, StoredEffect])[] =>
  [...(effectsByFlow.get(dfid) ?? [])].map((key) => [key, effects.get(key) as StoredEffect])

const isOldResult = ({ createdAt, claim }: StoredEffect, before: Instant): boolean =>
  claim === null && createdAt !== null && createdAt < before

const isCurrent = ({ effects }: MemoryState, key: string, token: string): boolean =>
  effects.get(key)?.claim?.token === token

function found({ effects }: MemoryState, key: string): string | null {
  const effect = effects.get(key)
  if (effect === undefined) return null
  return effect.claim === null ? 'finished' : 'claimed'
}

export const idempotency: SyncImplementation<Operations['idempotency'], MemoryState> = {
  get: ({ effects }, key) => effects.get(key)?.resultJson ?? null,

  set: (state, key, resultJson) => set(state, key, resultJson),

  setIfAbsent(state, key, resultJson) {
    const standing = state.effects.get(key)?.resultJson ?? null
    if (standing !== null) return { stored: false, resultJson: standing }
    set(state, key, resultJson)
    return { stored: true, resultJson }
  },

  claim(state, key, token, leaseMicros, requestHash, dfid, stepId) {
    const effect = state.effects.get(key)
    if (effect !== undefined) {
      const { resultJson, claim } = effect
      if (effect.requestHash !== null && requestHash !== null && effect.requestHash !== requestHash)
        return { state: 'mismatch' }
      if (resultJson !== null) return { state: 'replay', resultJson }
      if (claim !== null && claim.until > now()) return { state: 'inFlight', until: claim.until }
      if (claim !== null) return { state: 'ambiguous', since: claim.since, token: claim.token }
    }
    const claim = { token, since: now(), until: later(leaseMicros) }
    put(state, key, { resultJson: null, requestHash, createdAt: null, claim, dfid, stepId })
    return { state: 'started' }
  },

  renewClaim: conditionalWrite(
    (state: MemoryState, key: string, token: string, _leaseMicros: number) => isCurrent(state, key, token),
    ({ effects }, key, _token, leaseMicros) => {
      const effect = effects.get(key)
      if (effect?.claim)
        effects.set(key, { ...effect, claim: { ...effect.claim, until: later(leaseMicros) } })
      return true
    },
    found,
  ),

  complete: conditionalWrite(
    (state: MemoryState, key: string, token: string, _resultJson: string) => isCurrent(state, key, token),
    (state, key, _token, resultJson) => {
      set(state, key, resultJson, state.effects.get(key))
      return true
    },
    found,
  ),

  abandon: conditionalWrite(
    isCurrent,
    (state, key) => {
      put(state, key, null)
      return true
    },
    found,
  ),

  claimsPage({ effects, claims }, { state, dfid, leastAgeMicros }, cursor) {
    const isOld = isOlder(leastAgeMicros)
    const moment = now()
    const page = claims.after(cursor === null ? null : (JSON.parse(cursor) as ClaimPlace), PAGE)
    const items = page.flatMap(({ key }): ClaimRow[] => {
      const effect = effects.get(key) as StoredEffect & { readonly claim: StoredClaim }
      const { requestHash, claim } = effect
      const row = {
        key,
        state: claim.until > moment ? 'inFlight' : 'ambiguous',
        requestHash,
        ...claim,
        dfid: effect.dfid,
        stepId: effect.stepId,
      } as const
      const isWanted =
        (state === null || state === row.state) && (dfid === null || dfid === row.dfid) && isOld(row.since)
      return isWanted ? [row] : []
    })
    const last = page.at(-1)
    return { items, next: last === undefined ? null : JSON.stringify(last) }
  },

  pruneFlow: flowPruning<MemoryState>({
    isOver: (state, dfid, before) => ofFlow(state, dfid).every(([, effect]) => isOldResult(effect, before)),
    count: (state, dfid) => ofFlow(state, dfid).length,
    remove: (state, dfid) => {
      for (const [key] of ofFlow(state, dfid)) put(state, key, null)
    },
  }),

  prunePage(state, before, kept, _cursor, dryRun) {
    const moment = oldBefore(before, kept)
    const old = [...state.effects].filter(([, effect]) => effect.dfid === null && isOldResult(effect, moment))
    if (!dryRun) for (const [key] of old) put(state, key, null)
    return { removed: old.length, next: null }
  },

  exportPage: ({ effects }) =>
    onePage(
      [...effects].map(([key, { resultJson, requestHash, createdAt, claim, dfid, stepId }]) => {
        return {
          type: 'idempotency' as const,
          key,
          resultJson,
          requestHash,
          createdAt,
          claimedAt: claim?.since ?? null,
          ...(dfid === null ? {} : { dfid }),
          ...(stepId === null ? {} : { stepId }),
        }
      }),
    ),

  importPage(state, items) {
    for (const { key, resultJson, requestHash, createdAt, claimedAt, dfid = null, stepId = null } of items) {
      // nobody here holds the token of a claim that was made elsewhere: it arrives as ambiguous, under a new one
      const over = { token: randomUUID(), until: IMPORTED_UNTIL }
      const claim = claimedAt === null ? null : { ...over, since: claimedAt }
      put(state, key, { resultJson, requestHash, createdAt, claim, dfid, stepId })
    }
  },
}
