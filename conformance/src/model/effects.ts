import { dumpsJsonDict, loadsJson } from '@dir/storage-core'
import { compareIds } from '@dir/storage-core/adapter'
import fc from 'fast-check'
import { Hole } from './expected.ts'
import { ID, type Method, OBJECT, method, ref } from './method.ts'
import { BRIEF, type ModelEffect, type ModelState, stamp } from './state.ts'

const nothing: ModelEffect = {
  resultJson: null,
  requestHash: null,
  createdAt: null,
  claim: null,
  dfid: null,
  stepId: null,
}

interface ModelOptions {
  readonly leaseSec: number
  readonly requestHash?: string | null
  readonly dfid?: string | null
  readonly stepId?: string | null
}

const FLOW = fc.constantFrom('f', 'F', 'f ')

function claim(
  state: ModelState,
  key: string,
  { leaseSec, requestHash = null, dfid = null, stepId = null }: ModelOptions,
): unknown {
  const effect = state.effects.get(key) ?? nothing
  if (effect.requestHash !== null && requestHash !== null && effect.requestHash !== requestHash)
    return { state: 'mismatch' }
  const { resultJson } = effect
  if (resultJson !== null) return { state: 'replay', result: loadsJson(resultJson), resultJson }
  if (effect.claim !== null) {
    const { isOver, since, until, number: before } = effect.claim
    return isOver
      ? { state: 'ambiguous', since, token: new Hole('token', before) }
      : { state: 'inFlight', until }
  }
  const number = state.claims++
  const current = { number, since: stamp(state), until: stamp(state), isOver: leaseSec === BRIEF }
  state.effects.set(key, { ...nothing, requestHash, claim: current, dfid, stepId })
  return { state: 'started', token: new Hole('token', number) }
}

const holds = ({ effects }: ModelState, key: string, token: unknown): boolean =>
  effects.get(key)?.claim?.number === Number(token)

function renewClaim(state: ModelState, key: string, token: unknown, leaseSec: number): boolean {
  const effect = state.effects.get(key) ?? nothing
  if (effect.claim?.number !== Number(token)) return false
  const renewed = { ...effect.claim, until: stamp(state), isOver: leaseSec === BRIEF }
  state.effects.set(key, { ...effect, claim: renewed })
  return true
}

const CLAIM: fc.Arbitrary<ModelOptions> = fc.record(
  {
    leaseSec: fc.constantFrom(1000, 1000, BRIEF),
    requestHash: fc.constantFrom('x', 'X', 'x ', ''),
    dfid: FLOW,
    stepId: FLOW,
  },
  { requiredKeys: ['leaseSec'] },
)

const UNFINISHED: fc.Arbitrary<{ state?: 'inFlight' | 'ambiguous'; dfid?: string }> = fc.record(
  { state: fc.constantFrom('inFlight', 'ambiguous'), dfid: FLOW },
  { requiredKeys: [] },
)

/** By key: which of two has the earlier time, the model cannot foresee where they are equal. */
function listed({ effects }: ModelState, { state, dfid }: { state?: string; dfid?: string }): unknown {
  const found = [...effects].flatMap(([key, { requestHash, claim: one, dfid: flow, stepId }]) => {
    if (one === null) return []
    const { number, isOver, ...shown } = one
    const token = isOver ? { token: new Hole('token', number) } : {}
    const hash = requestHash === null ? {} : { requestHash }
    const work = { dfid: flow, stepId }
    return [{ key, state: isOver ? 'ambiguous' : 'inFlight', ...shown, ...work, ...token, ...hash }]
  })
  return found
    .filter((one) => (state ?? one.state) === one.state && (dfid ?? one.dfid) === one.dfid)
    .sort((one, other) => compareIds(one.key, other.key))
}

export const EFFECTS: readonly Method[] = [
  method('idempotency', 'get', null, ['key'], [ID], ({ effects }, key) => {
    const json = effects.get(key)?.resultJson ?? null
    return json === null ? null : loadsJson(json)
  }),
  method(
    'idempotency',
    'getResultJson',
    null,
    ['key'],
    [ID],
    ({ effects }, key) => effects.get(key)?.resultJson ?? null,
  ),
  method('idempotency', 'set', null, ['key'], [ID, OBJECT], (state, key, result) => {
    state.effects.set(key, { ...nothing, resultJson: dumpsJsonDict(result), createdAt: stamp(state) })
    return undefined
  }),
  method('idempotency', 'setIfAbsent', 'setIfAbsent', ['key'], [ID, OBJECT], (state, key, result) => {
    const standing = state.effects.get(key)?.resultJson ?? null
    const resultJson = standing ?? dumpsJsonDict(result)
    if (standing === null) state.effects.set(key, { ...nothing, resultJson, createdAt: stamp(state) })
    return { stored: standing === null, result: loadsJson(resultJson), resultJson }
  }),
  method('idempotency', 'claim', 'claim', ['key'], [ID, CLAIM], claim),
  method(
    'idempotency',
    'renewClaim',
    'claim',
    ['key'],
    [ID, ref('token'), fc.constantFrom(1000, 2000, BRIEF)],
    renewClaim,
  ),
  method(
    'idempotency',
    'complete',
    'claim',
    ['key'],
    [ID, ref('token'), OBJECT],
    (state, key, token, result) => {
      if (!holds(state, key, token)) return false
      const claimed = state.effects.get(key) ?? nothing
      const resultJson = dumpsJsonDict(result)
      state.effects.set(key, { ...claimed, resultJson, createdAt: stamp(state), claim: null })
      return true
    },
  ),
  method('idempotency', 'abandon', 'claim', ['key'], [ID, ref('token')], (state, key, token) => {
    return holds(state, key, token) && state.effects.delete(key)
  }),
  method('idempotency', 'listClaims', 'claim', [], [UNFINISHED], listed),
]
