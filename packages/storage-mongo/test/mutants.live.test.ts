import { type Backend, createRun } from '@dir/storage-conformance'
import { expect, test } from 'vitest'
import { withServer } from '../../../scripts/servers/live.ts'
import looseNumbers from './mutants/loose-numbers.ts'
import noTransactions from './mutants/no-transactions.ts'
import noVersions from './mutants/no-versions.ts'

/** What the suite says of a broken backend, by scenario. */
async function verdicts(mutant: Backend, file: string, killers: readonly string[]): Promise<string[]> {
  const run = createRun(mutant, new URL(`mutants/${file}`, import.meta.url).href, { only: killers })
  const seen: string[] = []
  for (const planned of run.planned) seen.push((await run.execute(planned)).verdict)
  await run.end()
  return seen
}

withServer('mongo', () => {
  test('transactions that are none: check and write come apart', async () => {
    const killers = ['linearizability/lock']
    expect(await verdicts(noTransactions, 'no-transactions.ts', killers)).toEqual(['fail'])
  })

  test('totals that no transaction keeps: two processes grant the same room', async () => {
    const killers = ['linearizability/lock']
    expect(await verdicts(noVersions, 'no-versions.ts', killers)).toEqual(['fail'])
  })

  test('numbers with gaps that are filled later: events are out of order', async () => {
    const killers = ['decision-audit/events-are-in-the-order-of-insertion']
    expect(await verdicts(looseNumbers, 'loose-numbers.ts', killers)).toEqual(['fail'])
  })
})
