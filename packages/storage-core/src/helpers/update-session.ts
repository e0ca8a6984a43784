import { setTimeout as sleep } from 'node:timers/promises'
import type { ContextStorage } from '../protocols/context.ts'
import { ResourceContentionError, locate } from '../errors/index.ts'
import { options } from '../rules/options.ts'
import { callable, durationMicros } from '../rules/validate.ts'

/**
 * Merges into a flow's session without losing anybody's change: `fn` gets the stored text (or null) and returns
 * the new one (null: write nothing); if another writer came between, it runs again on the newer text.
 *
 * @returns the text that was written, or null.
 * @throws ResourceContentionError if others came between until `timeoutSec` (default 5) was over.
 */
export async function updateSession(
  context: ContextStorage,
  dfid: string,
  fn: (dataJson: string | null) => string | null | Promise<string | null>,
  given?: { readonly timeoutSec?: number },
): Promise<string | null> {
  const { timeoutSec = 5 } = options(given, ['timeoutSec'])
  callable('fn', fn)
  const until = performance.now() + durationMicros('timeoutSec', timeoutSec) / 1000
  for (let attempts = 1; ; attempts++) {
    const before = await context.getSession(dfid)
    const after = await fn(before)
    if (after === null || (await context.compareAndSetSession(dfid, before, after))) return after
    if (performance.now() >= until)
      throw locate(new ResourceContentionError(attempts), '', 'context', 'updateSession')
    await sleep(Math.random() * Math.min(50, attempts))
  }
}
