import type { Capability, Protocol, StorageHandle } from '@dir/storage-core'
import fc from 'fast-check'
import { show } from '../show.ts'
import { EXPECTATIONS, type ModelCall, batches, foreseeBatch, isBatchable } from './batch.ts'
import { AnyOf, Bindings, Refusal } from './expected.ts'
import { recordsOf } from './export.ts'
import { LOCKS } from './locks.ts'
import { LOGS } from './logs.ts'
import { type Method, validId } from './method.ts'
import { call, commit, exported, substitute } from './perform.ts'
import { RECORDS } from './records.ts'
import { REQUESTS } from './requests.ts'
import { type ModelState, emptyState } from './state.ts'

const METHODS: readonly Method[] = [...RECORDS, ...LOGS, ...REQUESTS, ...LOCKS]

/** What is done on one of the two handles of a program. */
export type Step =
  | Act
  /** The handle is closed and a new one opened. */
  | { readonly do: 'reopen'; readonly handle: 0 | 1 }
  | { readonly do: 'init'; readonly handle: 0 | 1 }

type Act =
  | ({ readonly do: 'call'; readonly handle: 0 | 1 } & ModelCall)
  | { readonly do: 'batch'; readonly handle: 0 | 1; readonly calls: readonly ModelCall[] }
  | { readonly do: 'export'; readonly handle: 0 | 1 }

/** Programs of the methods of some protocols, seed methods only or with the verbs that are claimed. */
export function programs(
  protocols: readonly Protocol[],
  capabilities: ReadonlySet<Capability>,
  length: number,
): fc.Arbitrary<Step[]> {
  const handle = fc.constantFrom(0, 1) as fc.Arbitrary<0 | 1>
  const callsOf = (methods: readonly Method[]): fc.Arbitrary<ModelCall>[] =>
    methods.filter(isWanted).map((one) => {
      const args = fc.tuple(...(one.args as unknown as fc.Arbitrary<unknown>[]))
      return fc.record({ call: fc.constant(one), args })
    })
  const isWanted = ({ protocol, capability }: Method): boolean =>
    protocols.includes(protocol) && (capability === undefined || capabilities.has(capability))
  const calls = callsOf(METHODS)
  const steps: fc.WeightedArbitrary<Step>[] = [
    {
      weight: 30,
      arbitrary: fc
        .tuple(fc.oneof(...calls), handle)
        .map(([one, at]) => ({ do: 'call', handle: at, ...one })),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('reopen' as const, 'init' as const), handle }) },
  ]
  const batched = callsOf([...METHODS.filter(isBatchable), ...EXPECTATIONS])
  if (capabilities.has('atomically') && batched.length > 0) {
    const batch = fc.tuple(batches(batched), handle)
    steps.push({ weight: 4, arbitrary: batch.map(([one, at]) => ({ do: 'batch', handle: at, calls: one })) })
  }
  if (capabilities.has('export'))
    steps.push({ weight: 1, arbitrary: handle.map((at) => ({ do: 'export', handle: at })) })
  return fc.array<Step>(fc.oneof(...steps), { minLength: 1, maxLength: length, size: 'max' })
}

/** What a step was answered where the model expects something else. */
export interface Mismatch {
  readonly index: number
  readonly expected: string
  readonly actual: string
}

/** Runs a program on two handles and on the model. @returns the first difference, or null. */
export async function runProgram(
  steps: readonly Step[],
  open: () => Promise<StorageHandle>,
): Promise<Mismatch | null> {
  const state = emptyState()
  const bindings = new Bindings()
  const handles = [await open(), await open()] as [StorageHandle, StorageHandle]
  for (const [index, step] of steps.entries()) {
    const storage = handles[step.handle]
    if (step.do === 'init') await storage.init()
    else if (step.do === 'reopen') {
      await storage.close()
      handles[step.handle] = await open()
    } else {
      const [actual, expected] = await perform(step, storage, state, bindings)
      if (!bindings.matches(actual, expected))
        return { index, expected: describe(expected), actual: show(actual) }
    }
  }
  return null
}

/** Does a step. @returns what it is answered, and what the model expects. */
async function perform(
  step: Act,
  storage: StorageHandle,
  state: ModelState,
  bindings: Bindings,
): Promise<readonly [actual: unknown, expected: unknown]> {
  if (step.do === 'export') return [await exported(storage), recordsOf(state)]
  if (step.do === 'batch') {
    const calls = step.calls.map((one) => ({ call: one.call, ...substitute(one.args, state, bindings) }))
    const expected = foreseeBatch(
      state,
      calls.map((one) => ({ call: one.call, args: one.model })),
    )
    const recorded = calls.map((one) => ({ call: one.call, args: one.actual }))
    return [await commit(storage, recorded), expected]
  }
  const args = substitute(step.args, state, bindings)
  const expected = foresee(step.call, state, args.model)
  return [await call(storage, step.call, args.actual), expected]
}

function describe(expected: unknown): string {
  if (expected instanceof AnyOf) return expected.refusals.map(describe).join(' or ')
  if (!(expected instanceof Refusal)) return show(expected)
  return `a rejection with ${expected.code} ${show(expected.fields)}`
}

function foresee({ ids, run }: Method, state: ModelState, args: readonly unknown[]): unknown {
  for (const [index, name] of ids.entries()) {
    const id = args[index]
    if (name !== null && typeof id === 'string' && !validId(id))
      return new Refusal('STORAGE_INVALID_ARGUMENT', { argument: name })
  }
  return (run as (state: ModelState, ...args: readonly unknown[]) => unknown)(state, ...args)
}
