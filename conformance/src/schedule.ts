import type { Backend } from './backend.ts'
import { claimedLevel, within } from './level.ts'
import { refusals } from './refusals.ts'
import type { Level, Scenario } from './scenario.ts'

export interface Planned {
  readonly scenario: Scenario
  /** `unsupported`: it checks a refusal. */
  readonly good: 'pass' | 'unsupported'
  /** Why it will not run. */
  readonly notRun?: string
}

/** What applies to a backend up to `level`; what does not apply is not counted at all. */
export function schedule(
  backend: Backend,
  catalogue: readonly Scenario[],
  level: Level,
  hasModule: boolean,
): Planned[] {
  const applicable = catalogue.filter(
    (scenario) => applies(backend, scenario) && within(scenario.level, level),
  )
  return [
    ...applicable.map((scenario): Planned => {
      const needsModule = scenario.level === 'shared' || scenario.level === 'durable'
      return needsModule && !hasModule
        ? {
            scenario,
            good: 'pass',
            notRun: 'It needs the backend as the path of a module, for child processes.',
          }
        : { scenario, good: 'pass' }
    }),
    ...refusals(backend).map((scenario): Planned => ({ scenario, good: 'unsupported' })),
  ]
}

function applies(backend: Backend, { protocols, capabilities, level }: Scenario): boolean {
  const brings =
    protocols === 'any' || protocols.every((protocol) => backend.protocols?.includes(protocol) ?? true)
  const claims = capabilities?.every((capability) => backend.claims[capability] === true)
  // A single atomic verb is tested where it is claimed, even if the whole level is not.
  const reached = within(level, claimedLevel(backend)) || (level === 'atomic' && claims === true)
  return brings && reached && claims !== false
}

/** The scenarios that one of the patterns names: an id, the part before its `/`, or a beginning followed by `*`. */
export function select(planned: readonly Planned[], only: readonly string[] | undefined): Planned[] {
  if (only === undefined) return [...planned]
  const names = (pattern: string, id: string): boolean =>
    id === pattern ||
    id.startsWith(`${pattern}/`) ||
    (pattern.endsWith('*') && id.startsWith(pattern.slice(0, -1)))
  return planned.filter(({ scenario }) => only.some((pattern) => names(pattern, scenario.id)))
}
