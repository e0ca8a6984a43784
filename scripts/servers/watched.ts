import type { Watching } from '@dir/storage-core/adapter'
import { until } from '../../conformance/src/scenarios/kit.ts'

const PATIENCE_MS = 60_000

/**
 * Watches while `act` runs, once the watch is live. `told` resolves at the next change that is told; what the watch does at
 * the end is waited for by nobody.
 */
export async function whileWatching(
  watch: (changed: () => void) => Watching,
  act: (watching: Watching, told: () => Promise<void>) => Promise<void>,
): Promise<void> {
  let count = 0
  const watching = watch(() => count++)
  try {
    await becomes(watching, true)
    await act(watching, async () => {
      const before = count
      await until(
        async () => count,
        (now) => now > before,
        PATIENCE_MS,
      )
      if (count === before) throw new Error('Nothing was told.')
    })
  } finally {
    watching.stop()
  }
}

/** Waits until changes are told, or are not. */
export async function becomes(watching: Watching, isLive: boolean): Promise<void> {
  const now = await until(
    async () => watching.isLive,
    (live) => live === isLive,
    PATIENCE_MS,
  )
  if (now !== isLive) throw new Error(`The watch has not become ${isLive ? '' : 'not '}live.`)
}
