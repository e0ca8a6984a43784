import type { Capability, Protocol, StorageHandle } from '@dir/storage-core'
import fc from 'fast-check'
import { show } from '../show.ts'
import { Bindings, Refusal } from './expected.ts'
import { LOCKS } from './locks.ts'
import { LOGS } from './logs.ts'
import { type Method, Ref, validId } from './method.ts'
import { RECORDS } from './records.ts'
import { type ModelState, emptyState } from './state.ts'

const METHODS: readonly Method[] = [...RECORDS, ...LOGS, ...LOCKS]

export type Step =
  | { readonly do: 'call'; readonly call: Method; readonly args: readonly unknown[]; readonly handle: 0 | 1 }
  /** The handle is closed and a new one opened; or `init` is called again. */
  | { readonly do: 'reopen' | 'init'; readonly handle: 0 | 1 }

/** Programs of the methods of some protocols, seed methods only or with the verbs that are claimed. */
export function programs(
  protocols: readonly Protocol[],
  capabilities: ReadonlySet<Capability>,
  length: number,
): fc.Arbitrary<Step[]> {
  const handle = fc.constantFrom(0, 1) as fc.Arbitrary<0 | 1>
  const calls = METHODS.filter(
    ({ protocol, capability }) =>
      protocols.includes(protocol) && (capability === undefined || capabilities.has(capability)),
  ).map((call) => {
    const args = fc.tuple(...(call.args as unknown as fc.Arbitrary<unknown>[]))
    return fc.record({ do: fc.constant('call' as const), call: fc.constant(call), args, handle })
  })
  const others = fc.record({ do: fc.constantFrom('reopen' as const, 'init' as const), handle })
  const step = fc.oneof({ weight: 30, arbitrary: fc.oneof(...calls) }, { weight: 1, arbitrary: others })
  return fc.array<Step>(step, { minLength: 1, maxLength: length, size: 'max' })
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
    if (step.do === 'call') {
      const args = substitute(step.args, state, bindings)
      const expected = foresee(step.call, state, args.model)
      const actual = await answer(storage, step.call, args.actual)
      if (!bindings.matches(actual, expected)) {
        const wanted =
          expected instanceof Refusal
            ? `a rejection with ${expected.code} ${show(expected.fields)}`
            : show(expected)
        return { index, expected: wanted, actual: show(actual) }
      }
    } else if (step.do === 'reopen') {
      await storage.close()
      handles[step.handle] = await open()
    } else await storage.init()
  }
  return null
}

function foresee({ ids, run }: Method, state: ModelState, args: readonly unknown[]): unknown {
  for (const [index, name] of ids.entries()) {
    const id = args[index]
    if (name !== null && typeof id === 'string' && !validId(id))
      return new Refusal('STORAGE_INVALID_ARGUMENT', { argument: name })
  }
  return (run as (state: ModelState, ...args: readonly unknown[]) => unknown)(state, ...args)
}

async function answer(
  storage: StorageHandle,
  { protocol, name }: Method,
  args: readonly unknown[],
): Promise<unknown> {
  const methods = storage[protocol] as unknown as Record<string, (...args: readonly unknown[]) => unknown>
  try {
    const result = methods[name]?.(...args)
    return name === 'events' ? await Array.fromAsync(result as AsyncIterable<unknown>) : await result
  } catch (error) {
    return error
  }
}

interface Arguments {
  readonly model: readonly unknown[]
  readonly actual: readonly unknown[]
}

/** Puts in, where the arguments refer to a number given before: the model's one, and what was seen in its place. */
function substitute(args: readonly unknown[], state: ModelState, bindings: Bindings): Arguments {
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

/** The program as a script that can be run by itself, `storage` and `other` being two handles of one namespace. */
export function script(steps: readonly Step[]): string {
  const lines = steps.map((step) => {
    const handle = step.handle === 0 ? 'storage' : 'other'
    if (step.do !== 'call')
      return step.do === 'init' ? `await ${handle}.init()` : `await ${handle}.close() // and open it again`
    const args = step.args.map((one) =>
      JSON.stringify(one, (_, member: unknown) =>
        member instanceof Ref ? `<${member.kind}, ${member.back} before the last>` : member,
      ),
    )
    const call = `${handle}.${step.call.protocol}.${step.call.name}(${args.join(', ')})`
    return step.call.name === 'events' ? `await Array.fromAsync(${call})` : `await ${call}`
  })
  return lines.map((line) => `    ${line}`).join('\n')
}
