import type { ServerName } from '../../scripts/servers/index.ts'
import type { BreachName } from './judge.ts'

/** A broken promise, and how it came to that. */
export interface Finding {
  readonly backend: ServerName
  /** The call that was made, as in `atomically(saga.markDirty)`. */
  readonly call: string
  /** What was done to it, as in `cut after 2`: exchanges count from 0. */
  readonly fault: string
  readonly breach: BreachName
  readonly text: string
}

/** What a part saw. */
export interface Result {
  readonly part: string
  /** How much there was of what. */
  readonly ran: Readonly<Record<string, number>>
  readonly findings: readonly Finding[]
  /** Where there was too little to prove anything. */
  readonly short: readonly string[]
}
