import { expect, test } from 'vitest'
import sqlite from '../../packages/storage-sqlite/test/backend.ts'
import { MUTANTS } from '../src/mutants/index.ts'
import { mutantUrl } from '../src/mutants/module.ts'
import { createRun } from '../src/run.ts'

// These scenarios need a store that processes share, so they are tried on the one in a file.
const SQLITE = new URL('../../packages/storage-sqlite/test/backend.ts', import.meta.url).href

const measure = async (id: string, scenario: string): Promise<string | undefined> => {
  const mutant = MUTANTS.find((one) => one.id === id)
  if (mutant === undefined) throw new Error(`There is no mutant ${id}.`)
  const run = createRun(mutant.wrap(sqlite), mutantUrl(id, SQLITE), { only: [scenario], seed: 7 })
  for (const planned of run.planned) await run.execute(planned)
  return (await run.end()).results[0]?.verdict
}

test.each([
  ['lock-checks-before-it-locks', 'processes/capacity-is-never-overbooked'],
  ['lock-checks-before-it-locks', 'processes/linear-lock'],
  ['increment-reads-then-writes', 'processes/increments-are-not-lost'],
  ['first-result-check-then-set', 'processes/one-first-result'],
  ['compare-then-set', 'processes/merges-are-not-lost'],
  ['budget-counts-then-records', 'processes/budget-is-never-exceeded'],
  ['transition-checks-then-records', 'processes/linear-status'],
  ['seq-per-flow', 'processes/readers-miss-no-event'],
  ['tokens-known-where-they-were-given', 'processes/claims-end-by-their-tokens-anywhere'],
  ['batch-one-by-one', 'crashes/batches'],
  ['record-many-writes-a-part', 'crashes/events'],
])('%s fails %s', { timeout: 60_000 }, async (mutant, id) => {
  expect(await measure(mutant, id)).toBe('fail')
})
