/* oxlint-disable unicorn/no-useless-spread -- rows keep the tables short */
import type { Batch } from '@dir/storage-core'
import fc from 'fast-check'
import { AnyOf, Refusal } from './expected.ts'
import { statusOf } from './logs.ts'
import { ID, JSON_TEXT, type Method, TEXT, method, nullable, validId } from './method.ts'
import { type ModelState, copyOf } from './state.ts'

/** A call of a method with its arguments. */
export interface ModelCall {
  readonly call: Method
  readonly args: readonly unknown[]
}

/** Writes without a condition, of which a batch may hold several to one record. */
const PLAIN = [
  ...['upsertAgent', 'setSession', 'setState', 'set', 'record', 'recordMany', 'markDirty', 'clearDirty'],
  ...['setCount', 'delete', 'increment', 'recordBudgetToken', 'insertRequest', 'recordTransition'],
]
const CONDITIONS = [
  ...['compareAndSetSession', 'compareAndSetState', 'renewClaim', 'complete', 'abandon', 'transition'],
  ...['acquire', 'acquireBatch', 'release', 'renew', 'updateStatus', 'resolveRequest'],
  ...['expectStatus', 'expectSession'],
]

/** What only a batch offers. */
export const EXPECTATIONS: readonly Method[] = [
  method('lifecycle', 'expectStatus', 'transition', ['dfid'], [ID, nullable(TEXT)], (state, dfid, status) => {
    return statusOf(state, dfid) === status
  }),
  method(
    'context',
    'expectSession',
    'compareAndSet',
    ['dfid'],
    [ID, nullable(JSON_TEXT)],
    ({ session }, dfid, expected) => (session.get(dfid)?.json ?? null) === expected,
  ),
]

/** Batches of such calls; conditions share their record with no other call, so that it does not matter when they are judged. */
export function batches(calls: readonly fc.Arbitrary<ModelCall>[]): fc.Arbitrary<readonly ModelCall[]> {
  return fc.array(fc.oneof(...calls), { minLength: 1, maxLength: 6 }).map((batch) => {
    return batch.filter((one, index) => {
      const meets = batch.slice(0, index).filter((other) => recordOf(other) === recordOf(one))
      const isFree = meets.every(({ call }) => PLAIN.includes(call.name)) && PLAIN.includes(one.call.name)
      return hasValidIds(one) && (meets.length === 0 || isFree)
    })
  })
}

export const isBatchable = ({ name }: Method): boolean => [...PLAIN, ...CONDITIONS].includes(name)

/** A batch has one acquire at most, and what it releases is not room for it. */
const recordOf = ({ call, args }: ModelCall): string =>
  call.protocol === 'resourceLock' ? call.protocol : JSON.stringify([call.protocol, idOf(args[0])])

const idOf = (first: unknown): unknown => {
  if (typeof first !== 'object' || first === null) return first
  const { dfid, agentId } = first as { dfid?: unknown; agentId?: unknown }
  return dfid ?? agentId ?? null
}

const hasValidIds = ({ call: { ids }, args }: ModelCall): boolean =>
  ids.every((name, index) => name === null || validId(String(args[index])))

/** What stands there instead where a call's condition does not hold, as the refusal tells it. */
function foundBy(state: ModelState, { call: { name }, args }: ModelCall): string | null {
  const id = String(idOf(args[0]))
  switch (name) {
    case 'compareAndSetSession':
    case 'expectSession':
      return state.session.has(id) ? 'other' : null
    case 'compareAndSetState':
      return state.state.has(id) ? 'other' : null
    case 'renewClaim':
    case 'complete':
    case 'abandon': {
      const effect = state.effects.get(id)
      return effect === undefined ? null : effect.claim === null ? 'finished' : 'claimed'
    }
    case 'resolveRequest': {
      const request = state.requests.get(id)
      return request === undefined ? null : request.resolvedAt === null ? 'PENDING' : 'RESOLVED'
    }
    case 'transition':
    case 'expectStatus':
      return statusOf(state, id)
    default:
      return null
  }
}

/** What a batch is answered: its results, or one of the refusals for what does not hold. Changes the state if it is carried out. */
export function foreseeBatch(state: ModelState, calls: readonly ModelCall[]): unknown {
  const after = copyOf(state)
  const results = calls.map((one, position) => {
    const { call, args } = one
    const result = (call.run as (state: ModelState, ...args: readonly unknown[]) => unknown)(after, ...args)
    const isRefused = result === false && CONDITIONS.includes(call.name)
    const { protocol, name: operation } = call
    if (!isRefused) return result
    const found = foundBy(state, one)
    return new Refusal('STORAGE_CONFLICT', { protocol, operation, position, found })
  })
  const refusals = results.filter((result) => result instanceof Refusal)
  if (refusals.length > 0) return new AnyOf(refusals)
  Object.assign(state, after)
  return results
}

/** Records the calls on a batch. */
export function recordOn(batch: Batch, calls: readonly ModelCall[]): void {
  type Calls = Readonly<Record<string, (...args: unknown[]) => void>>
  const protocols = batch as unknown as Readonly<Record<string, Calls>>
  const own = batch as unknown as Calls
  for (const { call, args } of calls)
    if (EXPECTATIONS.includes(call)) own[call.name]?.(...args)
    else protocols[call.protocol]?.[call.name]?.(...args)
}
