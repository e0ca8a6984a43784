import { operationOf } from '@dir/storage-core/adapter'
import { type Call, type Work, type WorkResult, conditionFailed, locate } from '@dir/storage-core/adapter'
import type { LockNames } from './locks.ts'
import { WRITES } from './operations.ts'
import { type AnyWrite, type Locks, ORDERED, type Why, locksOf } from './protocol.ts'

/**
 * How many locks a commit takes. Work that needs more takes the whole namespace: the server's table of locks is small, and
 * everybody's.
 */
export const MOST_LOCKS = 256

/** What one call concerns: no other may come between it and the next that does. */
export interface Use {
  readonly name: string
  /** Calls of this one operation may be carried out together: their order is kept. */
  readonly by: string | null
}

export interface PlannedCall {
  readonly call: Call
  readonly args: readonly unknown[]
  readonly uses: readonly Use[]
}

/** A work as the server's function takes it. */
export interface PlannedWork {
  readonly work: Work
  readonly calls: readonly PlannedCall[]
  /** What it concerns in the order of calls on one handle. */
  readonly ids: readonly string[]
  readonly keys: readonly bigint[]
  readonly resources: readonly string[]
  readonly flows: readonly string[]
  readonly appends: boolean
  readonly locks: number
  /** It locks too much to lock each by itself. */
  readonly isWhole: boolean
}

const writeOf = (call: Call): AnyWrite => operationOf(WRITES, call)

export function planWork(work: Work, names: LockNames): PlannedWork {
  const locks = work.calls.map((call) => locksOf(writeOf(call), call))
  const keys = [...new Set(locks.flatMap(({ records }) => records))].map((name) => names.key(name))
  const resources = locks.flatMap((one) => one.resources)
  const count = keys.length + resources.length
  return {
    work,
    calls: work.calls.map((call, index) => ({
      call,
      args: writeOf(call).toArgs?.(call.args as never, work.calls.slice(0, index)) ?? call.args,
      uses: usesOf(call, locks[index] as Locks),
    })),
    ids: [...new Set(work.calls.flatMap(({ protocol, ids }) => ids.map((id) => `${protocol}:${id}`)))],
    keys,
    resources,
    flows: locks.flatMap(({ flows }) => flows),
    appends: locks.some(({ appends }) => appends),
    locks: count,
    isWhole: count > MOST_LOCKS,
  }
}

function usesOf({ protocol, operation }: Call, { records, resources, flows }: Locks): Use[] {
  const uses: Use[] = [...records, ...resources.map((one) => `*resource:${one}`)].map((name) => ({
    name,
    by: null,
  }))
  if (ORDERED.has(protocol)) uses.push({ name: `*order:${protocol}`, by: operation })
  // a release makes room on resources that only the server knows
  if (resources.length + flows.length > 0) uses.push({ name: '*room', by: operation })
  return uses
}

/** What the server says of a commit: which calls it refused and why, and what others are answered. */
export type Reply = readonly [
  refusals: readonly (readonly [work: number, call: number, why: Why | 'late' | 'blocked' | null])[],
  answers: readonly (readonly [work: number, call: number, ...told: unknown[]])[],
  clockMicros: number,
]

/** What came of each work; null: it was late. */
export function toResults([refusals, answers]: Reply, works: readonly PlannedWork[]): (WorkResult | null)[] {
  const told = works.map(({ calls }): unknown[][] => calls.map(() => []))
  for (const [w, c, ...more] of answers) told[w]?.[c]?.push(...more)
  const refused = Map.groupBy(refusals, ([w]) => w)
  return works.map(({ work }, w) => {
    const why = refused.get(w)
    if (why !== undefined) return refusalOf(work, why)
    return { answers: work.calls.map((call, c) => toAnswer(call, told[w]?.[c] ?? [])) }
  })
}

function toAnswer(call: Call, told: readonly unknown[]): unknown {
  const { judge, toAnswer: convert } = writeOf(call)
  if (convert !== undefined) return convert(told, call.args as never)
  return told[0] ?? (judge === undefined ? undefined : true)
}

function refusalOf({ calls, atomic }: Work, all: Reply[0]): WorkResult | null {
  if (all.some(([, , why]) => why === 'late')) return null
  if (all.some(([, , why]) => why === 'blocked')) return 'blocked'
  const rank = ([, c, why]: Reply[0][number]): number =>
    c + ((why as Why | null)?.last === true ? calls.length : 0)
  const [, c, why] = all.toSorted((one, other) => rank(one) - rank(other))[0] as Reply[0][number]
  const call = calls[c] as Call
  const isCondition = why === null || 'found' in (why as Why)
  if (isCondition && !atomic) return { answers: [false] }
  const error = isCondition
    ? conditionFailed(calls, c, (why as Why | null)?.found)
    : writeOf(call).toRefusal?.(why as Why, call.args as never)
  return { error: atomic ? locate(error, '', call.protocol, call.method) : error }
}
