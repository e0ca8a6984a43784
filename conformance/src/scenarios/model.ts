/* oxlint-disable unicorn/no-useless-spread -- rows keep the tables short */
import { type Capability, PROTOCOLS, type Protocol } from '@dir/storage-core'
import fc from 'fast-check'
import { AssertionFailure } from '../assert.ts'
import { type Step, programs, runProgram } from '../model/program.ts'
import { script } from '../model/script.ts'
import type { Level, Scenario, ScenarioContext } from '../scenario.ts'

/** So many programs at least, and further ones for so long, so that quick backends are looked at more closely. */
const PROGRAMS = 4
const FURTHER_MS = 500
const FURTHER = 40

/** Runs random programs, each in an empty namespace, and shows the shortest that the model does not explain. */
async function compare(
  { storage, open, freshNamespace, random, assert }: ScenarioContext,
  protocols: readonly Protocol[],
  level: Level,
  length: number,
): Promise<void> {
  const capabilities = level === 'seed' ? new Set<Capability>() : storage.capabilities
  const run = (steps: readonly Step[]) => {
    const namespace = freshNamespace()
    return runProgram(steps, () => open({ namespace }))
  }
  const property = fc.asyncProperty(programs(protocols, capabilities, length), async (steps) => {
    if ((await run(steps)) !== null) throw new Error('not as the model says')
    assert.ok(true, 'a program is answered as the model says')
  })
  const seed = Math.floor(random() * 2 ** 31)
  const startedAt = performance.now()
  let found = await fc.check(property, { seed, numRuns: PROGRAMS, unbiased: true })
  const interruptAfterTimeLimit = FURTHER_MS - (performance.now() - startedAt)
  if (!found.failed && interruptAfterTimeLimit > 0)
    found = await fc.check(property, {
      ...{ seed: seed + 1, numRuns: FURTHER, unbiased: true },
      ...{ interruptAfterTimeLimit, markInterruptAsFailure: false },
    })
  const steps = found.counterexample?.[0]
  if (steps === undefined) return
  const mismatch = await run(steps)
  if (mismatch === null) throw new Error(`A program failed once and not again:\n${script(steps)}`)
  const program = script(steps.slice(0, mismatch.index + 1))
  throw new AssertionFailure(
    `the last call is answered as the model says:\n${program}`,
    mismatch.expected,
    mismatch.actual,
  )
}

const scenario = (name: string, level: Level, protocols: readonly Protocol[], length: number): Scenario => ({
  id: `model/${name}`,
  title: `random programs of ${protocols.length === 1 ? protocols[0] : 'all protocols'} are answered as a model of the contract answers them`,
  clause: 'any sequence of calls is answered as the contract says',
  level,
  protocols,
  asserts: PROGRAMS,
  run: (context) => compare(context, protocols, level, length),
})

export const scenarios: readonly Scenario[] = [
  ...PROTOCOLS.flatMap((protocol) => [
    scenario(`${protocol}-seed`, 'seed', [protocol], 100),
    scenario(protocol, 'atomic', [protocol], 150),
  ]),
  scenario('all', 'atomic', PROTOCOLS, 300),
]
