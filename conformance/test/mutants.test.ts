import { beforeAll, describe, expect, test } from 'vitest'
import { MUTANTS } from '../src/mutants/index.ts'
import type { Mutant } from '../src/mutants/mutant.ts'
import { seedFaithful } from '../src/mutants/seed-faithful.ts'
import { SCENARIOS } from '../src/scenarios/index.ts'
import { type ScenarioResult, SIDE } from '../src/verdict.ts'
import { measure, measureMutant, witnessed } from './measure.ts'
import { memory, soundFor } from './memory.ts'

const idsOf = (results: readonly ScenarioResult[], verdict: string): string[] =>
  results.filter((one) => one.verdict === verdict).map(({ id }) => id)

/** How long all scenarios may take on a busy machine. */
const WHOLE_MS = 300_000

/**
 * So many are measured side by side: a scenario that waits for a lease to end keeps few others waiting, and none of
 * them gets so little of the processor that its calls take longer than they may.
 */
const LANES = 16

/** What must be looked at in one millisecond cannot be among others. */
const isMomentary = ({ killedBy }: Mutant): boolean => killedBy === 'durations/end-at-their-moment'

let measured: ReadonlyMap<string, readonly ScenarioResult[]>

beforeAll(async () => {
  const measuring = async (mutant: Mutant) =>
    [mutant.id, await measureMutant(mutant, soundFor(mutant))] as const
  const [alone, crowd] = [MUTANTS.filter(isMomentary), MUTANTS.filter((mutant) => !isMomentary(mutant))]
  const all: (readonly [string, readonly ScenarioResult[]])[] = []
  const oneByOne = async (waiting: Mutant[]): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      all.push(await measuring(next))
  }
  await Promise.all(Array.from({ length: LANES }, () => oneByOne(crowd)))
  await oneByOne(alone)
  measured = new Map(all)
}, 3_600_000) // only what hangs: beside busy processes this takes many minutes

test('the sound backend passes everything', { timeout: WHOLE_MS }, async () => {
  const results = await measure(memory)
  expect(results.filter(({ verdict }) => SIDE[verdict] !== 'passed')).toEqual([])
  expect(results.length).toBeGreaterThan(100)
})

test('mutants have names of their own, and name a scenario that there is', () => {
  expect(new Set(MUTANTS.map(({ id }) => id)).size).toBe(MUTANTS.length)
  expect(MUTANTS.length).toBeGreaterThanOrEqual(100)
  const ids = new Set(SCENARIOS.map(({ id }) => id))
  expect(MUTANTS.filter(({ killedBy }) => !ids.has(killedBy)).map(({ id }) => id)).toEqual([])
})

describe.for(MUTANTS.map((mutant) => [mutant.id, mutant] as const))('%s', ([id, mutant]) => {
  test('its witness shows the fault, and shows none on a sound backend', async () => {
    const sound = soundFor(mutant)
    expect(await witnessed(mutant, mutant.wrap(sound))).toBe(true)
    expect(await witnessed(mutant, sound)).toBe(false)
  })

  test(`${mutant.killedBy} fails, and at least two thirds pass`, () => {
    const results = measured.get(id) ?? []
    expect(idsOf(results, 'fail')).toContain(mutant.killedBy)
    // a tenth of the scenarios is a small sample, of which a fault in every write of a protocol may fail a quarter
    expect(idsOf(results, 'pass').length / results.length).toBeGreaterThan(2 / 3)
  })
})

test(
  'the backend built the original’s way passes level seed and loses every race',
  { timeout: WHOLE_MS },
  async () => {
    const results = await measure(seedFaithful)
    const seed = results.filter(({ level }) => level === 'seed')
    expect(seed.filter(({ verdict }) => SIDE[verdict] !== 'passed')).toEqual([])
    const failed = new Set(idsOf(results, 'fail'))
    const faults: Readonly<Record<string, string[]>> = {
      overbooking: ['races/several-resources-are-never-overbooked', 'linearizability/lock'],
      'lost increment': ['races/no-increment-is-lost', 'linearizability/counter'],
      'double execution': ['races/one-claim-starts', 'linearizability/claim'],
      'exceeded budget': ['races/a-budget-is-never-exceeded', 'linearizability/budget'],
      'lost merge': ['update-session/no-merge-is-lost', 'linearizability/compare-and-set'],
      'two first results': ['races/one-first-result-stands', 'linearizability/first-writer'],
      'two transitions from one status': ['races/one-transition-happens', 'linearizability/status'],
      'two human decisions': ['races/one-decision-stands', 'linearizability/decision'],
    }
    expect(Object.entries(faults).filter(([, ids]) => !ids.every((id) => failed.has(id)))).toEqual([])
  },
)
