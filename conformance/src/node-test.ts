import './check-node.ts'
import { test } from 'node:test'
import { loadBackend } from './load.ts'
import { describeResult, replayCommand } from './render.ts'
import { type RunOptions, createRun } from './run.ts'
import { SIDE } from './verdict.ts'

/** As `conformanceSuite` of the Vitest binding, for `node --test`: a subtest per scenario. */
export function conformanceSuite(module: URL | string, options: RunOptions = {}): void {
  const url = String(module)
  void test(`conformance of ${url.split('/').slice(-3).join('/')}`, async (suite) => {
    const run = createRun(await loadBackend(url), url, options)
    const again = (id: string): string => replayCommand(url.replace('file://', ''), run.seed, id)
    const trouble = await run.preflight()
    if (trouble.length > 0)
      throw new Error(trouble.map((one) => describeResult(one, again(one.id))).join('\n'))
    for (const planned of run.planned) {
      await suite.test(`${planned.scenario.id}: ${planned.scenario.title}`, async (context) => {
        const outcome = await run.execute(planned)
        if (SIDE[outcome.verdict] === 'failed') throw new Error(describeResult(outcome, again(outcome.id)))
        if (SIDE[outcome.verdict] === 'skipped') context.skip(outcome.message)
      })
    }
    await run.end()
  })
}
