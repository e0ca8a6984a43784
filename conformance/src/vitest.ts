import './check-node.ts'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { timeoutOf } from './execute.ts'
import { loadBackend } from './load.ts'
import { describeResult, replayCommand } from './render.ts'
import { type RunOptions, createRun } from './run.ts'
import { SIDE } from './verdict.ts'

/**
 * Runs the suite as Vitest tests, one per scenario: `conformanceSuite(new URL('./backend.ts', import.meta.url))`.
 * A failed verdict fails its test with the clause and what was seen; deviations and what could not run are skipped.
 */
export function conformanceSuite(module: URL | string, options: RunOptions = {}): void {
  const url = String(module)
  describe(`conformance of ${url.split('/').slice(-3).join('/')}`, async () => {
    const run = createRun(await loadBackend(url), url, options)
    const again = (id: string): string => replayCommand(url.replace('file://', ''), run.seed, id)

    beforeAll(async () => {
      const trouble = await run.preflight()
      if (trouble.length > 0)
        throw new Error(trouble.map((one) => describeResult(one, again(one.id))).join('\n'))
    }, 240_000)

    for (const planned of run.planned) {
      const { scenario } = planned
      test(
        `${scenario.id}: ${scenario.title}`,
        { timeout: timeoutOf(options, scenario) + 120_000 },
        async (context) => {
          const outcome = await run.execute(planned)
          if (SIDE[outcome.verdict] === 'failed') throw new Error(describeResult(outcome, again(outcome.id)))
          if (SIDE[outcome.verdict] === 'skipped') context.skip(outcome.message)
        },
      )
    }

    afterAll(async () => {
      await run.end()
    }, 60_000)
  })
}
