import type { Protocol } from '@dir/storage-core'
import type { Implementation, Operations, Reads, Writes } from '@dir/storage-core/adapter'
import type { Packable } from './msgpack.ts'
import type { ScriptPart } from './script.ts'

/** What a script answers: Lua's tables as arrays, its `false` as null. */
export type Reply = string | number | boolean | null | readonly Reply[]

/** What an operation reads from: the functions of its protocol's scripts, by name. */
export interface RedisReader {
  read(name: string, ...args: readonly Packable[]): Promise<Reply>
  /** Runs a function that removes what is over. It may run twice, and needs no memory. */
  remove(name: string, ...args: readonly Packable[]): Promise<Reply>
}

/** How the call of an operation becomes a request to the function that its protocol's script has under the same name. */
export interface RedisWrite<Args extends readonly unknown[] = readonly unknown[], Answer = unknown> {
  /** The arguments of that function. */
  readonly request: (...args: Args) => readonly Packable[]
  /** What its reply means to the caller. */
  readonly answer: (reply: Reply, ...args: Args) => Answer
  /** What its refusal means: an error, or, where only the condition tells something, false. */
  readonly refused: (details: Reply, ...args: Args) => Answer | false
  /** It needs no memory, so it must go through where there is none left. */
  readonly needsNoMemory: boolean
}

type Args<Operation> = Operation extends (...args: infer A) => unknown ? A : never
type Result<Operation> = Operation extends (...args: never[]) => infer R ? R : never
type Export<P extends Protocol> = Pick<Operations[P], 'exportPage'>
type Import<P extends Protocol> = Pick<Operations[P], 'importPage'>
type RedisWrites<Of> = { readonly [O in keyof Of]: RedisWrite<Args<Of[O]>, Result<Of[O]>> }

/** One protocol on Redis: what it brings to the scripts, how it reads, and how its writes go through them. */
export interface RedisProtocol<P extends Protocol> {
  readonly script: ScriptPart
  readonly reads: Implementation<Reads[P] & Export<P>, RedisReader>
  readonly writes: RedisWrites<Writes[P] & Import<P>>
}

/** The arguments of the operation are those of the function. */
export const same = <Args extends readonly Packable[]>(...args: Args): Args => args

/** Nothing refuses it. */
export function write<Args extends readonly unknown[], Answer = void>(
  request: (...args: Args) => readonly Packable[],
  answer: (reply: Reply, ...args: Args) => Answer = () => undefined as Answer,
  refused: (details: Reply, ...args: Args) => Answer | false = () => false,
): RedisWrite<Args, Answer> {
  return { request, answer, refused, needsNoMemory: false }
}

/** It answers whether its condition held; of what does not, the only detail is what stood there instead, if anything did. */
export function condition<Args extends readonly unknown[]>(
  request: (...args: Args) => readonly Packable[],
): RedisWrite<Args, boolean> {
  return write(request, () => true)
}

/** See `condition`. A status may be an empty text, and Lua's empty tables arrive as objects. */
export function foundIn(details: Reply): string | null {
  const { 0: found } = as<{ readonly 0?: string | null | false }>(details)
  return typeof found === 'string' ? found : null
}

export function freeing<Operation extends RedisWrite<never>>(operation: Operation): Operation {
  return { ...operation, needsNoMemory: true }
}

/** The one place where the shape of a reply is taken on trust: it is that of the script beside it. */
export function as<Shape>(reply: Reply): Shape {
  return reply as Shape
}
