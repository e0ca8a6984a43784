import { setTimeout as sleep } from 'node:timers/promises'
import type { StorageHandle } from '@dir/storage-core'
import { compareIds } from '@dir/storage-core/adapter'
import { answerOf } from '../scenarios/kit.ts'
import { type ModelCall, recordOn } from './batch.ts'
import type { Bindings } from './expected.ts'
import { inOrder } from './export.ts'
import { type Method, Ref } from './method.ts'
import { BRIEF, type ModelState } from './state.ts'

/** Longer than any backend's clock needs to move on. */
const MOMENT_MS = 5

/** What the method is answered, or the error it rejects with. */
export async function call(
  storage: StorageHandle,
  { protocol, name }: Method,
  args: readonly unknown[],
): Promise<unknown> {
  const methods = storage[protocol] as unknown as Record<string, (...args: readonly unknown[]) => unknown>
  const answer = await moment([args], async () => answerOf(methods[name]?.(...args)))
  // of claims of one moment the model cannot foresee the order
  return name === 'listClaims' && Array.isArray(answer) ? answer.toSorted(byKey) : answer
}

const byKey = (one: { key: string }, other: { key: string }): number => compareIds(one.key, other.key)

/** What a batch of these calls is answered, or the error it rejects with. */
export function commit(storage: StorageHandle, calls: readonly ModelCall[]): Promise<unknown> {
  const args = calls.map((one) => one.args)
  return moment(args, () => storage.atomically((batch) => recordOn(batch, calls)))
}

/** Every record, as the model orders them. */
export async function exported(storage: StorageHandle): Promise<unknown> {
  return inOrder(await Array.fromAsync(storage.exportRecords()))
}

/** What `act` answers or rejects with; where a duration is brief, what was before it and what comes after are apart. */
async function moment(args: readonly (readonly unknown[])[], act: () => Promise<unknown>): Promise<unknown> {
  const isBrief = args.flat().some((one) => one === BRIEF || Object.values(one ?? {}).includes(BRIEF))
  if (isBrief) await sleep(MOMENT_MS)
  const answer = await act().catch((error: unknown) => error)
  if (isBrief) await sleep(MOMENT_MS)
  return answer
}

export interface Arguments {
  readonly model: readonly unknown[]
  readonly actual: readonly unknown[]
}

/** Puts in, where the arguments refer to a number given before: the model's one, and what was seen in its place. */
export function substitute(args: readonly unknown[], state: ModelState, bindings: Bindings): Arguments {
  const issued = { token: state.claims, fence: state.fences, seq: state.events.length }
  const find = ({ kind, back }: Ref): { readonly model: unknown; readonly actual: unknown } => {
    for (let number = issued[kind] - 1 - back; number >= 0; number--) {
      const actual = bindings.actual(kind, number)
      if (actual !== undefined) return { model: number, actual }
    }
    return { model: -1, actual: kind === 'token' ? 'no such token' : 0 }
  }
  const filled = (one: unknown, side: keyof Arguments): unknown => {
    if (one instanceof Ref) return find(one)[side]
    const refers = Object.values(one ?? {}).some((member) => member instanceof Ref)
    if (typeof one !== 'object' || one === null || !refers) return one
    return Object.fromEntries(Object.entries(one).map(([key, member]) => [key, filled(member, side)]))
  }
  return { model: args.map((one) => filled(one, 'model')), actual: args.map((one) => filled(one, 'actual')) }
}
