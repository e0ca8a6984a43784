import type { Backend, Deviation } from './backend.ts'
import { destroy } from './ends.ts'
import { execute } from './execute.ts'
import { claimedLevel } from './level.ts'
import { LIMIT_MS } from './limits.ts'
import { loadBackend } from './load.ts'
import { messageOf } from './message.ts'
import { preflight } from './preflight.ts'
import { nonce } from './random.ts'
import { type Report, createReport } from './report.ts'
import type { Level, Scenario } from './scenario.ts'
import { SCENARIOS } from './scenarios/index.ts'
import { type Planned, schedule, select } from './schedule.ts'
import type { Site } from './site.ts'
import { type ScenarioResult, result } from './verdict.ts'

export interface RunOptions {
  /** Run nothing above it; default: what the backend claims. */
  readonly level?: Level
  /** Of all random inputs; default a new one. */
  readonly seed?: number
  /** Ids, groups (the part before `/`) or beginnings (`idempotency/cl*`). Such a run earns no level. */
  readonly only?: readonly string[]
  /** For each scenario, instead of its level's own. */
  readonly timeoutMs?: number
  /** Instead of the suite's own catalogue. Such a run earns no level. */
  readonly scenarios?: readonly Scenario[]
  readonly onStart?: (scenario: Scenario) => void
  readonly onResult?: (result: ScenarioResult) => void
}

/** One run of the suite, step by step; `runConformance` is all of it. */
export interface Run {
  readonly backend: Backend
  readonly seed: number
  /** What will run, in this order. */
  readonly planned: readonly Planned[]
  /** Whether the backend's module can be measured at all. @returns what is wrong with it. */
  preflight(): Promise<readonly ScenarioResult[]>
  execute(planned: Planned): Promise<ScenarioResult>
  /** Removes the shared namespace, and says what was seen. */
  end(): Promise<Report>
}

/** @param module the URL of the backend's module; null if there is none, so that no child process can load it. */
export function createRun(backend: Backend, module: string | null, options: RunOptions = {}): Run {
  const catalogue = options.scenarios ?? SCENARIOS
  const site: Site = {
    backend,
    module,
    seed: options.seed ?? Math.floor(Math.random() * 2 ** 31),
    sharedNamespace: `conformance_${nonce()}`,
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
  }
  const level = options.level ?? claimedLevel(backend)
  checkDeviations(backend, catalogue)
  const planned = select(schedule(backend, catalogue, level, module !== null), options.only)
  const startedAt = new Date()
  const trouble: ScenarioResult[] = []
  const results = new Map<string, ScenarioResult>()

  return {
    backend,
    seed: site.seed,
    planned,
    async preflight() {
      for (const check of preflight(site)) {
        const outcome = await execute(site, check)
        if (outcome.verdict === 'pass') continue
        trouble.push({ ...outcome, verdict: 'error' })
        if (outcome.durationMs > LIMIT_MS.method) break // what does not end would only be waited for again
      }
      return trouble
    },
    async execute(one) {
      options.onStart?.(one.scenario)
      const outcome = await executePlanned(site, one)
      results.set(outcome.id, outcome)
      options.onResult?.(outcome)
      return outcome
    },
    async end() {
      const left = trouble.length === 0 ? await cleanUp(site) : []
      for (const outcome of left) options.onResult?.(outcome)
      return createReport({
        site,
        startedAt,
        level,
        filtered: options.only !== undefined || options.scenarios !== undefined,
        preflight: trouble,
        results: planned
          .map(({ scenario }) => {
            return (
              results.get(scenario.id) ??
              result(scenario, { verdict: 'not-run', message: 'It was not started.' })
            )
          })
          .concat(left),
        scenarios: planned.map(({ scenario }) => scenario),
        catalogue,
      })
    },
  }
}

/** Removes the shared namespace. @returns what became of that, if anything did. */
async function cleanUp({ backend, sharedNamespace }: Site): Promise<ScenarioResult[]> {
  const startedAt = performance.now()
  const facts = {
    id: 'harness/destroy',
    title: 'the namespace that the scenarios shared can be removed',
    clause: 'what the backend module must bring',
    level: 'seed',
  } as const
  return destroy(backend, sharedNamespace).then(
    () => [],
    (error: unknown) => [result(facts, { verdict: 'error', message: messageOf(error) }, 0, startedAt)],
  )
}

async function executePlanned(site: Site, { scenario, good, notRun }: Planned): Promise<ScenarioResult> {
  if (notRun !== undefined) return result(scenario, { verdict: 'not-run', message: notRun })
  const outcome = await execute(site, scenario)
  const deviation = site.backend.deviations?.[scenario.id]
  if (deviation !== undefined) return deviate(outcome, deviation)
  return outcome.verdict === 'pass' ? { ...outcome, verdict: good } : outcome
}

function deviate(outcome: ScenarioResult, { reason, issue, expires }: Deviation): ScenarioResult {
  const known = `Known deviation (${issue}, until ${expires}): ${reason}`
  if (outcome.verdict === 'pass')
    return { ...outcome, verdict: 'unexpected-pass', message: `It passes; remove the entry. ${known}` }
  const expired = new Date().toISOString().slice(0, 10) > expires
  if (outcome.verdict !== 'fail' || expired) return outcome
  return { ...outcome, verdict: 'deviation', message: `${known}\n${outcome.message}` }
}

function checkDeviations({ deviations = {} }: Backend, catalogue: readonly Scenario[]): void {
  for (const id of Object.keys(deviations)) {
    if (!catalogue.some((scenario) => scenario.id === id))
      throw new Error(`The backend's deviations name ${JSON.stringify(id)}, which is no scenario.`)
  }
}

/** Runs the suite against a backend: the URL of its module, or (without child processes) the backend itself. */
export async function runConformance(
  backend: URL | string | Backend,
  options: RunOptions = {},
): Promise<Report> {
  const module = typeof backend === 'object' && !(backend instanceof URL) ? null : String(backend)
  const run = createRun(module === null ? (backend as Backend) : await loadBackend(module), module, options)
  const trouble = await run.preflight()
  if (trouble.length === 0) for (const planned of run.planned) await run.execute(planned)
  return run.end()
}
