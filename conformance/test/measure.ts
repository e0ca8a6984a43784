import type { Backend } from '../src/backend.ts'
import type { Mutant } from '../src/mutants/mutant.ts'
import { openBackend } from '../src/open.ts'
import { nonce, randomStream } from '../src/random.ts'
import { createRun } from '../src/run.ts'
import type { ScenarioResult } from '../src/verdict.ts'

async function run(backend: Backend, wanted: (id: string) => boolean): Promise<readonly ScenarioResult[]> {
  const steps = createRun(backend, null, { seed: 42 })
  const results: ScenarioResult[] = []
  for (const planned of steps.planned)
    if (wanted(planned.scenario.id)) results.push(await steps.execute(planned))
  await steps.end()
  return results
}

/** All scenarios against a backend, without child processes. */
export function measure(backend: Backend): Promise<readonly ScenarioResult[]> {
  return run(backend, () => true)
}

/** What takes longest by far. */
const SLOW =
  /^(model|long-|large-|durations|linearizability|races|replacements|exact-texts|only-one-record|times|many-callers|whole-records|transfer\/(orders|goes)|run-once\/(renews|tries|hears)|handle\/close-waits|[a-z-]+\/the-list)/

/**
 * The scenario that must kill a mutant, and a tenth of the others, which differs from mutant to mutant: all of them
 * would take minutes (see `kill-table.ts`).
 */
export function measureMutant(mutant: Mutant, sound: Backend): Promise<readonly ScenarioResult[]> {
  const { id, killedBy } = mutant
  const sampled = (scenario: string): boolean => {
    return !SLOW.test(scenario) && randomStream(0, `${id} ${scenario}`)() < 0.1
  }
  return run(mutant.wrap(sound), (scenario) => scenario === killedBy || sampled(scenario))
}

/** Whether a mutant's witness sees the fault on `backend`. */
export async function witnessed(mutant: Mutant, backend: Backend): Promise<boolean> {
  const namespace = `witness_${nonce()}`
  const open = (options?: object) => openBackend(backend, namespace, options)
  const seen = await mutant.witness(await open(), open, {
    namespace,
    openIn: (other) => openBackend(backend, other),
    destroy: (other) => backend.destroy(other),
    openTransaction: () => backend.openTransaction?.(namespace) ?? Promise.reject(new Error('It has none.')),
  })
  await backend.destroy(namespace)
  return seen
}
