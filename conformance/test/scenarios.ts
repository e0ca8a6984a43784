import type { Scenario, ScenarioContext } from '../src/scenario.ts'

/** A scenario of a test's own. */
export function scenario(
  id: string,
  run: (context: ScenarioContext) => Promise<void> | void,
  more: Partial<Scenario> = {},
): Scenario {
  return {
    id: `test/${id}`,
    title: `does what ${id} says`,
    clause: 'a promise',
    level: 'seed',
    protocols: ['context'],
    asserts: 1,
    ...more,
    run: async (context) => run(context),
  }
}

export const passing: Scenario = scenario('passing', ({ assert }) => assert.ok(true, 'it holds'))
export const failing: Scenario = scenario('failing', ({ assert }) => assert.equal(1, 2, 'one is two'))
