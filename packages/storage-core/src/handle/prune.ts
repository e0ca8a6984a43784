import { setTimeout as sleep } from 'node:timers/promises'
import { isStorageError, withDoubt } from '../errors/index.ts'
import { DEFINITIONS } from '../protocols/index.ts'
import type { FlowStatus } from '../protocols/lifecycle-flows.ts'
import { fromPages } from '../protocols/pages.ts'
import type { Page } from '../protocols/protocol.ts'
import type { PrunedPage } from '../protocols/pruning.ts'
import { hostMicros, microsOf } from '../rules/time.ts'
import { FlowPruner } from './prune-flow.ts'
import { SEALS_FLOW } from './prune-note.ts'
import {
  type CheckedPruneOptions,
  type PruneOptions,
  type PruneSummary,
  checkedPruneOptions,
} from './prune-options.ts'
import type { PruneMember } from './prune-target.ts'

/** After so many flows in a row that failed by themselves, it is the store that fails. */
const MOST_FAILURES = 2

/**
 * Removes what is over: of `home`, which has the flows' statuses, and of others, if it does not have everything. See
 * `StorageHandle.prune`.
 */
export async function prune(
  home: PruneMember,
  others: readonly PruneMember[],
  given: PruneOptions,
): Promise<PruneSummary> {
  const options = checkedPruneOptions(given)
  const run = new PruneRun(home, others, options)
  try {
    for (const status of options.terminal) await run.flowsIn(status)
    await run.pages()
    return run.end()
  } catch (error) {
    throw run.hasRemoved ? withDoubt(error) : error
  }
}

/** Goes through a store, step by step. */
class PruneRun {
  readonly #home: PruneMember
  readonly #others: readonly PruneMember[]
  readonly #options: CheckedPruneOptions
  readonly #flows: FlowPruner
  /** What a flow failed with that was passed over. */
  #failure: unknown
  #failuresInARow = 0

  constructor(home: PruneMember, others: readonly PruneMember[], options: CheckedPruneOptions) {
    this.#home = home
    this.#others = others
    this.#options = options
    this.#flows = new FlowPruner(home, others, options)
  }

  get hasRemoved(): boolean {
    return Object.keys(this.#flows.summary.removed).length > 0 && !this.#options.dryRun
  }

  end(): PruneSummary {
    if (this.#failure !== undefined) throw this.#failure
    return this.#flows.summary
  }

  /** Every flow that is in a status since before the time that is asked for. */
  async flowsIn(status: string): Promise<void> {
    const { before, batchSize } = this.#options
    const { target } = this.#home
    const flows = fromPages((cursor) => {
      const filter = { status, leastAgeMicros: Math.max(0, hostMicros() - microsOf(before)) }
      return target.read(target.call('lifecycle', 'flowsPage', [], [filter, cursor])) as Promise<
        Page<FlowStatus>
      >
    })
    let batch: string[] = []
    for await (const { dfid, since } of flows) {
      if (since !== null && since < before && dfid !== SEALS_FLOW) batch.push(dfid)
      if (batch.length < batchSize) continue
      await this.#batch(batch, status)
      batch = []
    }
    if (batch.length > 0) await this.#batch(batch, status)
  }

  /** What is of no flow. */
  async pages(): Promise<void> {
    const { before, keeps, dryRun } = this.#options
    for (const { target, protocols } of [this.#home, ...this.#others])
      for (const protocol of protocols) {
        const keep = DEFINITIONS[protocol].prunes?.page
        if (keep === undefined) continue
        const page = async (cursor: string | null): Promise<Page<never>> => {
          const args = [before, keeps[keep], cursor, dryRun]
          const answer = await target.write(target.call(protocol, 'prunePage', [], args))
          const { removed, next } = answer as PrunedPage
          this.#flows.count(protocol, removed)
          return { items: [], next }
        }
        await Array.fromAsync(fromPages((cursor) => this.#step(() => page(cursor))))
      }
  }

  #batch(dfids: readonly string[], status: string): Promise<void> {
    return this.#step(async () => {
      const all = await Promise.allSettled(dfids.map((dfid) => this.#flows.prune(dfid, status)))
      const failed = all.flatMap((one, index) =>
        one.status === 'rejected' ? [{ dfid: dfids[index] as string, error: one.reason as unknown }] : [],
      )
      for (const { error } of failed) if (!mayComeAgain(error)) throw error
      for (const { dfid } of failed) {
        if (failed.length < dfids.length) this.#failuresInARow = 0 // others went: the store works
        await this.#alone(dfid, status)
      }
      if (failed.length === 0) this.#failuresInARow = 0
    })
  }

  /**
   * All flows of a batch may be too much for one deadline. One that is too much by itself, or that somebody holds for long,
   * does not keep the others from going.
   */
  async #alone(dfid: string, status: string): Promise<void> {
    try {
      await this.#flows.prune(dfid, status)
      this.#failuresInARow = 0
    } catch (error) {
      if (!mayComeAgain(error) || ++this.#failuresInARow > MOST_FAILURES) throw error
      this.#failure ??= error
    }
  }

  /** One step, and after it a rest of the same length, so that others have half of the store's time. */
  async #step<T>(act: () => Promise<T>): Promise<T> {
    const { onProgress, signal } = this.#options
    signal?.throwIfAborted()
    const begun = performance.now()
    const answer = await act()
    onProgress(this.#flows.summary)
    await sleep(performance.now() - begun)
    return answer
  }
}

/** Nothing was applied, and it may be tried again. */
const mayComeAgain = (error: unknown): boolean =>
  isStorageError(error) && error.retryable && error.outcome === 'not-applied'
