import { MAX_AMOUNT } from '@dir/storage-core'
import { compareHolds, compareIds, fromMicros, toMicros } from '@dir/storage-core/adapter'
import fc from 'fast-check'
import { Hole, Refusal } from './expected.ts'
import { ID, type Method, type Ref, method, nullable, ref, validId } from './method.ts'
import { BRIEF, type ModelHold, type ModelState, stamp } from './state.ts'

const RESOURCE = fc.constantFrom('r', 's', '__proto__', 'r:s', '$holds')
export const AMOUNTS = fc.dictionary(RESOURCE, fc.constantFrom(0, 0.1, 0.2, 1, 2.5, 3, 1e-6), { maxKeys: 3 })
const CAPACITIES: Readonly<Record<string, number>> = Object.fromEntries([
  ['r', 0.3],
  ...['s', '__proto__', 'r:s', '$holds'].map((resource) => [resource, 4] as const),
])
export const LIMITED = fc.constantFrom({}, { capacities: CAPACITIES })
export const LEASED = fc.constantFrom(
  { leaseSec: 1000 },
  { leaseSec: 1000, capacities: CAPACITIES },
  { leaseSec: BRIEF },
  { leaseSec: BRIEF, capacities: CAPACITIES },
)

function locked({ holds }: ModelState, resourceId: string, except: string | null): number {
  return holds.reduce(
    (sum, one) => sum + (one.resourceId === resourceId && one.dfid !== except ? one.micros : 0),
    0,
  )
}

export function acquire(
  state: ModelState,
  dfid: string,
  amounts: Record<string, number>,
  options: { capacities?: Readonly<Record<string, number>>; leaseSec?: number },
): unknown {
  const demands = Object.entries(amounts).sort(([a], [b]) => compareIds(a, b))
  for (const [resourceId, amount] of demands) {
    const others = locked(state, resourceId, dfid)
    const capacity = options.capacities?.[resourceId] ?? MAX_AMOUNT
    if (others + toMicros(amount) <= toMicros(capacity)) continue
    const fields = {
      resourceId,
      requested: fromMicros(toMicros(amount)),
      locked: fromMicros(others),
      capacity,
    }
    return new Refusal('STORAGE_INSUFFICIENT_CAPACITY', fields)
  }
  const fence = state.fences++
  const { leaseSec } = options
  const expiresAt = leaseSec === undefined ? null : stamp(state)
  for (const [resourceId, amount] of demands) {
    const index = state.holds.findIndex((one) => one.dfid === dfid && one.resourceId === resourceId)
    if (index >= 0) state.holds.splice(index, 1)
    const hold = { dfid, resourceId, micros: toMicros(amount), acquiredAt: stamp(state), expiresAt, fence }
    if (leaseSec !== BRIEF) state.holds.push(hold)
  }
  return { fence: new Hole('fence', fence), expiresAt }
}

const newer = (hold: ModelHold, { fence }: { fence?: Ref | number }): boolean =>
  fence !== undefined && hold.fence > Number(fence)

const FENCE = fc.record({ fence: ref('fence') as fc.Arbitrary<Ref | number> }, { requiredKeys: [] })

const granted = (answer: unknown): unknown => (answer instanceof Refusal ? answer : true)

export function release(state: ModelState, dfid: string, options: { fence?: Ref | number }): void {
  const kept = state.holds.filter((one) => one.dfid !== dfid || newer(one, options))
  state.holds.splice(0, Infinity, ...kept)
}

function renew(
  state: ModelState,
  dfid: string,
  leaseSec: number,
  options: { fence?: Ref | number },
): boolean {
  const renewed = state.holds.filter(
    (one) => one.dfid === dfid && one.expiresAt !== null && !newer(one, options),
  )
  for (const hold of renewed)
    state.holds.splice(
      state.holds.indexOf(hold),
      1,
      ...(leaseSec === BRIEF ? [] : [{ ...hold, expiresAt: stamp(state) }]),
    )
  return renewed.length > 0
}

export const holdRecord = ({ micros, fence, ...hold }: ModelHold): object => ({
  ...hold,
  amount: fromMicros(micros),
  fence: new Hole('fence', fence),
})

export const LOCKS: readonly Method[] = [
  method(
    'resourceLock',
    'getLockedAmount',
    null,
    ['resourceId', 'excludeDfid'],
    [RESOURCE, nullable(ID)],
    (state, resourceId, except) => fromMicros(locked(state, resourceId, except)),
  ),
  method(
    'resourceLock',
    'acquireBatch',
    null,
    ['dfid'],
    [ID, AMOUNTS, fc.constant(5)],
    (state, dfid, amounts, _) => granted(acquire(state, dfid, amounts, {})),
  ),
  method(
    'resourceLock',
    'acquireBatch',
    'capacities',
    ['dfid'],
    [ID, AMOUNTS, fc.constant(5), LIMITED],
    (state, dfid, amounts, _, options) => granted(acquire(state, dfid, amounts, options)),
  ),
  ...(
    [
      ['capacities', LIMITED],
      ['leases', LEASED],
    ] as const
  ).map(([capability, options]) =>
    method(
      'resourceLock',
      'acquire',
      capability,
      ['dfid'],
      [ID, AMOUNTS, fc.constant(5), options as typeof LIMITED],
      (state, dfid, amounts, _, given) => acquire(state, dfid, amounts, given),
    ),
  ),
  method('resourceLock', 'release', null, ['dfid'], [ID], (state, dfid) => release(state, dfid, {})),
  method('resourceLock', 'release', 'capacities', ['dfid'], [ID, FENCE], release),
  ...['getHolds', 'listHolds'].map((name) =>
    method(
      'resourceLock',
      name,
      'capacities',
      [],
      [fc.record({ dfid: ID.filter(validId), resourceId: RESOURCE }, { requiredKeys: [] })],
      ({ holds }, filter) =>
        holds
          .filter(
            (one) =>
              (filter.dfid ?? one.dfid) === one.dfid &&
              (filter.resourceId ?? one.resourceId) === one.resourceId,
          )
          .sort(compareHolds)
          .map(holdRecord),
    ),
  ),
  method('resourceLock', 'renew', 'leases', ['dfid'], [ID, fc.constantFrom(1000, 2000, BRIEF), FENCE], renew),
]
