import { UsageError } from './cli-options.ts'
import { MUTANTS } from './mutants/index.ts'
import { LEVELS } from './scenario.ts'
import { SCENARIOS } from './scenarios/index.ts'

/** Every scenario, a line each, by level. */
export function list(): string {
  const lines = LEVELS.flatMap((level) => {
    const there = SCENARIOS.filter((scenario) => scenario.level === level)
    return [`${level} (${there.length})`, ...there.map(({ id, title }) => `  ${id}  ${title}`), '']
  })
  return lines.join('\n').trimEnd()
}

/** What a scenario checks, and which broken backends it is known to catch. */
export function explain(id: string): string {
  const scenario = SCENARIOS.find((one) => one.id === id)
  if (scenario === undefined) {
    const near = SCENARIOS.filter((one) => one.id.includes(id)).map((one) => one.id)
    const hint = near.length === 0 ? 'See --list.' : `Near it: ${near.slice(0, 8).join(', ')}.`
    throw new UsageError(`There is no scenario ${JSON.stringify(id)}. ${hint}`)
  }
  const { title, clause, level, protocols, capabilities = [], needs, asserts } = scenario
  const mutants = MUTANTS.filter((mutant) => mutant.killedBy === id)
  return [
    `${id}: ${title}`,
    `clause:        ${clause}`,
    `level:         ${level}`,
    `protocols:     ${protocols === 'any' ? 'any' : protocols.join(', ') || 'none in particular'}`,
    `capabilities:  ${capabilities.join(', ') || 'none'}`,
    `namespace:     ${needs === 'empty' ? 'an empty one of its own' : 'shared with other scenarios'}`,
    `assertions:    at least ${asserts}`,
    ...mutants.map((mutant) => `catches:       ${mutant.breaks}`),
  ].join('\n')
}
