import { InvalidArgumentError } from '../errors/index.ts'
import type { Protocol } from '../protocols/index.ts'
import type { Keeps } from '../protocols/pruning.ts'
import { checkedOptions } from '../rules/fields.ts'
import type { EffectSignal } from '../rules/signal.ts'
import { type Instant, formatMicros, hostMicros } from '../rules/time.ts'
import { abortSignal, ageMicros, callable, flag, instant, integer, reading, text } from '../rules/validate.ts'

export interface PruneOptions {
  /** What was over before this moment is old; it must not lie in the future. */
  readonly before: Instant
  /** The statuses in which a flow is over. */
  readonly terminal: readonly string[]
  /**
   * How long results of idempotency keys stay at least, and their flows with them, in seconds; default 604 800, seven days.
   * By the backend's clock: nobody repeats an effect after that.
   */
  readonly keepResultsSec?: number
  /**
   * How long budget tokens stay at least, in seconds by the backend's clock: longer than the window of any budget, which
   * would grant too much without them; default 2 678 400, 31 days.
   */
  readonly keepTokensSec?: number
  /** Removes nothing, and tells what would be. */
  readonly dryRun?: boolean
  /**
   * How many flows are removed at once, from 1 to 500; default 50. After each batch it rests as long as that took, so that
   * others have half of the store's time.
   */
  readonly batchSize?: number
  /** Called after each batch, with the summary so far. */
  readonly onProgress?: (soFar: PruneSummary) => void
  /** Ends it before its next step; it then rejects with the reason. */
  readonly signal?: EffectSignal
}

/** How many there are of each protocol; those of which there are none are left out. */
export type PerProtocol = { readonly [P in Protocol]?: number }

export interface PruneSummary {
  /** Flows that were removed. */
  readonly flows: number
  /** Records that were, as an export has them. */
  readonly removed: PerProtocol
  /** Old flows that stay, by the protocol by which they are not over. */
  readonly kept: PerProtocol
}

export interface CheckedPruneOptions {
  readonly before: Instant
  readonly keeps: Keeps
  readonly terminal: readonly string[]
  readonly dryRun: boolean
  readonly batchSize: number
  readonly onProgress: (soFar: PruneSummary) => void
  readonly signal: EffectSignal | null
}

const DAY_MICROS = 86_400 * 1e6

function terminalStatuses(argument: string, value: unknown): readonly string[] {
  return reading(argument, () => {
    if (!Array.isArray(value) || value.length === 0)
      throw new InvalidArgumentError(argument, 'must be an array of at least one status')
    return [...new Set(Array.from(value, (status: unknown) => text(argument, status)))]
  })
}

export function checkedPruneOptions(given: unknown): CheckedPruneOptions {
  const {
    before,
    terminal,
    keepResultsSec: results,
    keepTokensSec: tokens,
    ...rest
  } = checkedOptions(given, {
    before: instant,
    terminal: terminalStatuses,
    keepResultsSec: ageMicros,
    keepTokensSec: ageMicros,
    dryRun: flag,
    batchSize: (argument, value) => integer(argument, value, 1, 500),
    onProgress: (argument, value) => {
      callable(argument, value)
      return value as CheckedPruneOptions['onProgress']
    },
    signal: abortSignal,
  })
  if (before === null) throw new InvalidArgumentError('before', 'must be given')
  if (terminal === null) throw new InvalidArgumentError('terminal', 'must be given: when is a flow over?')
  if (before > formatMicros(hostMicros()))
    throw new InvalidArgumentError('before', 'must not lie in the future')
  return {
    before,
    keeps: { nothing: 0, results: results ?? 7 * DAY_MICROS, tokens: tokens ?? 31 * DAY_MICROS },
    terminal,
    dryRun: rest.dryRun ?? false,
    batchSize: rest.batchSize ?? 50,
    onProgress: rest.onProgress ?? (() => {}),
    signal: rest.signal,
  }
}
