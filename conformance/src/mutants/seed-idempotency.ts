import {
  type ClaimAnswer,
  type ClaimRow,
  compareIds,
  formatMicros,
  hostMicros,
} from '@dir/storage-core/adapter'
import { isOlder, now, pageAfter } from './seed-store.ts'
import type { SeedProtocol } from './seed-protocol.ts'

interface Effect {
  readonly resultJson: string | null
  readonly requestHash: string | null
  readonly claim: Omit<ClaimRow, 'key' | 'state' | 'requestHash'> | null
}

const byTime = (one: ClaimRow, other: ClaimRow): number =>
  compareIds(one.since, other.since) || compareIds(one.key, other.key)

export const idempotency: SeedProtocol<'idempotency'> = {
  get: async (store, key) => (await store.read<Effect>('effects', key))?.resultJson ?? null,
  set: (store, key, resultJson) =>
    void store.table<Effect>('effects').set(key, { resultJson, requestHash: null, claim: null }),
  async setIfAbsent(store, key, resultJson) {
    const standing = (await store.read<Effect>('effects', key))?.resultJson ?? null
    if (standing !== null) return { stored: false, resultJson: standing }
    store.table<Effect>('effects').set(key, { resultJson, requestHash: null, claim: null })
    return { stored: true, resultJson }
  },
  async claim(store, key, token, leaseMicros, requestHash, dfid, stepId): Promise<ClaimAnswer> {
    const effect = await store.read<Effect>('effects', key)
    const known = effect?.requestHash ?? null
    if (known !== null && requestHash !== null && known !== requestHash) return { state: 'mismatch' }
    const { resultJson, claim } = effect ?? { resultJson: null, claim: null }
    if (resultJson !== null) return { state: 'replay', resultJson }
    if (claim !== null && claim.until > now()) return { state: 'inFlight', until: claim.until }
    if (claim !== null) return { state: 'ambiguous', since: claim.since, token: claim.token }
    const own = { token, since: now(), until: formatMicros(hostMicros() + leaseMicros), dfid, stepId }
    store.table<Effect>('effects').set(key, { resultJson: null, requestHash, claim: own })
    return { state: 'started' }
  },
  async renewClaim(store, key, token, leaseMicros) {
    const effect = await store.read<Effect>('effects', key)
    if (effect?.claim?.token !== token) return false
    const claim = { ...effect.claim, until: formatMicros(hostMicros() + leaseMicros) }
    store.table<Effect>('effects').set(key, { ...effect, claim })
    return true
  },
  async complete(store, key, token, resultJson) {
    const effect = await store.read<Effect>('effects', key)
    if (effect?.claim?.token !== token) return false
    store.table<Effect>('effects').set(key, { ...effect, resultJson, claim: null })
    return true
  },
  claimsPage(store, { state, dfid, leastAgeMicros }, cursor) {
    const isOld = isOlder(leastAgeMicros)
    const claims = [...store.table<Effect>('effects')].flatMap(([key, { claim, requestHash }]): ClaimRow[] =>
      claim === null
        ? []
        : [{ key, state: claim.until > now() ? 'inFlight' : 'ambiguous', ...claim, requestHash }],
    )
    const found = claims
      .filter(
        (one) => (state ?? one.state) === one.state && (dfid ?? one.dfid) === one.dfid && isOld(one.since),
      )
      .sort(byTime)
    return pageAfter(found, cursor, byTime)
  },
  async abandon(store, key, token) {
    const effect = await store.read<Effect>('effects', key)
    return effect?.claim?.token === token && store.table('effects').delete(key)
  },
}
