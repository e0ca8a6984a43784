import type { Backend } from '../src/backend.ts'
import type { Mutant } from '../src/mutants/mutant.ts'
import { openBackend } from '../src/open.ts'
import { nonce } from '../src/random.ts'
import { createRun } from '../src/run.ts'
import type { ScenarioResult } from '../src/verdict.ts'

/** Whether random programs are to be run on every mutant: they find most of them, and take long to shorten what they found. */
const THOROUGH: boolean = process.env['DIR_STORAGE_KILL_TABLE'] !== undefined

/** All scenarios against a backend, without child processes; of random programs only those in `named`, if it is given. */
export async function measure(backend: Backend, named?: string): Promise<readonly ScenarioResult[]> {
  const run = createRun(backend, null, { seed: 42 })
  const results: ScenarioResult[] = []
  for (const planned of run.planned) {
    const { id } = planned.scenario
    const wanted = named === undefined || id === named || THOROUGH || !id.startsWith('model/')
    if (wanted) results.push(await run.execute(planned))
  }
  await run.end()
  return results
}

/** Whether a mutant's witness sees the fault on `backend`. */
export async function witnessed(mutant: Mutant, backend: Backend): Promise<boolean> {
  const namespace = `witness_${nonce()}`
  const open = () => openBackend(backend, namespace)
  const seen = await mutant.witness(await open(), open)
  await backend.destroy(namespace)
  return seen
}
