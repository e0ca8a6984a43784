import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MUTANTS } from '../src/mutants/index.ts'
import { seedFaithful } from '../src/mutants/seed-faithful.ts'
import { SCENARIOS } from '../src/scenarios/index.ts'
import { type ScenarioResult, SIDE } from '../src/verdict.ts'
import { measure, witnessed } from './measure.ts'
import { memory } from './memory.ts'

const idsOf = (results: readonly ScenarioResult[], verdict: string): string[] =>
  results.filter((one) => one.verdict === verdict).map(({ id }) => id)

/** By mutant, the scenarios that found it out. */
const kills = new Map<string, readonly string[]>()
let measured: ReadonlyMap<string, readonly ScenarioResult[]>

beforeAll(async () => {
  // Side by side: a scenario that waits for a lease to end keeps no other one waiting.
  const all = MUTANTS.map(
    async (mutant) => [mutant.id, await measure(mutant.wrap(memory), mutant.killedBy)] as const,
  )
  measured = new Map(await Promise.all(all))
  for (const [id, results] of measured) kills.set(id, idsOf(results, 'fail'))
}, 180_000)

test('the sound backend passes everything', async () => {
  const results = await measure(memory)
  expect(results.filter(({ verdict }) => SIDE[verdict] !== 'passed')).toEqual([])
  expect(results.length).toBeGreaterThan(100)
})

test('mutants have names of their own, and name a scenario that there is', () => {
  expect(new Set(MUTANTS.map(({ id }) => id)).size).toBe(MUTANTS.length)
  expect(MUTANTS.length).toBeGreaterThanOrEqual(60)
  const ids = new Set(SCENARIOS.map(({ id }) => id))
  expect(MUTANTS.filter(({ killedBy }) => !ids.has(killedBy)).map(({ id }) => id)).toEqual([])
})

describe.for(MUTANTS.map((mutant) => [mutant.id, mutant] as const))('%s', ([id, mutant]) => {
  test('its witness shows the fault, and shows none on a sound backend', async () => {
    expect(await witnessed(mutant, mutant.wrap(memory))).toBe(true)
    expect(await witnessed(mutant, memory)).toBe(false)
  })

  test(`${mutant.killedBy} fails, and at least four fifths pass`, () => {
    const results = measured.get(id) ?? []
    expect(idsOf(results, 'fail')).toContain(mutant.killedBy)
    expect(idsOf(results, 'pass').length / results.length).toBeGreaterThanOrEqual(0.8)
  })
})

test('the backend built the original’s way passes level seed and loses every race', async () => {
  const results = await measure(seedFaithful)
  const seed = results.filter(({ level }) => level === 'seed')
  expect(seed.filter(({ verdict }) => SIDE[verdict] !== 'passed')).toEqual([])
  const failed = new Set(idsOf(results, 'fail'))
  const faults = {
    overbooking: 'linearizability/lock',
    'lost increment': 'linearizability/counter',
    'double execution': 'linearizability/claim',
    'exceeded budget': 'linearizability/budget',
    'lost merge': 'linearizability/compare-and-set',
    'two first results': 'linearizability/first-writer',
    'two transitions from one status': 'linearizability/status',
  }
  expect(Object.entries(faults).filter(([, id]) => !failed.has(id))).toEqual([])
})

afterAll(() => {
  const [, results] = [...measured][0] ?? []
  const killing = new Map<string, string[]>()
  for (const { id } of results ?? []) killing.set(id, [])
  for (const [mutant, ids] of kills) for (const id of ids) killing.get(id)?.push(mutant)
  const idle = [...killing].filter(([, mutants]) => mutants.length === 0).map(([id]) => id)
  console.log(
    `${kills.size} mutants; ${killing.size - idle.length} of ${killing.size} scenarios kill at least one (all: DIR_STORAGE_KILL_TABLE=1)`,
  )
  if (process.env['DIR_STORAGE_KILL_TABLE'] !== undefined)
    for (const [id, mutants] of killing) console.log(`${id}: ${mutants.join(', ') || '-'}`)
})
