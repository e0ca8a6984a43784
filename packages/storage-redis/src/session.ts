import type { Protocol } from '@dir/storage-core'

export type Argument = string | number | null

/** What a script answers: Lua's tables as arrays, its `false` as null. */
export type Reply = string | number | null | readonly Reply[]

/** What an operation runs on: the functions of the scripts, by name. */
export interface RedisSession {
  /** Runs a function that only reads. */
  read(protocol: Protocol, name: string, ...args: readonly Argument[]): Promise<Reply>
  /**
   * Has a function run that may write, together with whatever else is written in this turn. Rejects with `Refused`
   * where its condition does not hold.
   */
  write(name: string, ...args: readonly Argument[]): Promise<Reply>
  /** `write` for a function of which only the condition tells something: whether it held. A batch rejects if it did not. */
  attempt(name: string, ...args: readonly Argument[]): Promise<boolean>
}

/** A condition did not hold, so nothing of the work was written. */
export class Refused extends Error {
  readonly details: readonly Reply[]
  constructor(details: readonly Reply[]) {
    super('a condition did not hold')
    this.details = details
  }
}

/** The one place where the shape of a reply is taken on trust: it is that of the script beside it. */
export function as<Shape>(reply: Reply): Shape {
  return reply as Shape
}
