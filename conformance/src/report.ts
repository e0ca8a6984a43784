import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { arch, cpus, release, type as osType } from 'node:os'
import type { Capability, Protocol } from '@dir/storage-core'
import type { Backend, Claims } from './backend.ts'
import { claimedLevel, earnedLevel } from './level.ts'
import { LIMIT_MS, within } from './limits.ts'
import { messageOf } from './message.ts'
import { refusedIn } from './refusals.ts'
import type { Level, Scenario } from './scenario.ts'
import type { Site } from './site.ts'
import { SIDE, type ScenarioResult, type Side, type Verdict } from './verdict.ts'

/** Everything that could change the verdict, and the verdict. */
export interface Report {
  readonly reportVersion: 1
  readonly suite: { readonly version: string; readonly catalogue: string; readonly scenarios: number }
  readonly backend: {
    readonly name: string
    readonly version: string
    readonly protocols: readonly Protocol[] | 'all'
    readonly claims: Claims
    /** What it says of itself: versions, durability settings. */
    readonly facts: Readonly<Record<string, string>>
  }
  readonly environment: { readonly node: string; readonly os: string; readonly cpus: number }
  readonly seed: number
  readonly startedAt: string
  readonly durationMs: number
  readonly claimedLevel: Level
  /** Nothing above it was scheduled. */
  readonly upTo: Level
  /** Only some scenarios were asked for, so there is no level. */
  readonly filtered: boolean
  /** What was reached; null: not even the lowest. */
  readonly level: Level | null
  readonly labels: readonly string[]
  /** What is not claimed and was seen to be refused. */
  readonly refused: readonly Capability[]
  readonly verdicts: Readonly<Partial<Record<Verdict, number>>>
  readonly counts: Readonly<Record<Side, number>>
  /** What is wrong with the backend's module; then nothing else ran. */
  readonly preflight: readonly ScenarioResult[]
  readonly results: readonly ScenarioResult[]
}

/** What a backend may show beside its level. */
const LABELS: { readonly [C in Capability]?: string } = {
  atomically: 'transactional',
  leases: 'leases',
  export: 'export',
  prune: 'prune',
}

export interface ReportInput {
  readonly site: Site
  readonly startedAt: Date
  readonly level: Level
  readonly filtered: boolean
  readonly preflight: readonly ScenarioResult[]
  readonly results: readonly ScenarioResult[]
  readonly scenarios: readonly Scenario[]
  readonly catalogue: readonly Scenario[]
}

export async function createReport(input: ReportInput): Promise<Report> {
  const { site, startedAt, level, filtered, preflight, results, catalogue } = input
  const { backend, seed } = site
  const verdicts: Partial<Record<Verdict, number>> = {}
  const counts = { passed: 0, failed: 0, skipped: 0 }
  for (const { verdict } of [...preflight, ...results]) {
    verdicts[verdict] = (verdicts[verdict] ?? 0) + 1
    counts[SIDE[verdict]]++
  }
  const measured = !filtered && preflight.length === 0
  return {
    reportVersion: 1,
    suite: { version: suiteVersion(), catalogue: hashOf(catalogue), scenarios: catalogue.length },
    backend: {
      name: backend.name,
      version: backend.version,
      protocols: backend.protocols ?? 'all',
      claims: backend.claims,
      facts: preflight.length === 0 ? await factsOf(backend) : {},
    },
    environment: { node: process.version, os: `${osType()} ${release()} ${arch()}`, cpus: cpus().length },
    seed,
    startedAt: startedAt.toISOString(),
    durationMs: Date.now() - startedAt.getTime(),
    claimedLevel: claimedLevel(backend),
    upTo: level,
    filtered,
    level: measured ? earnedLevel(results, level) : null,
    labels: measured ? labels(backend, input) : [],
    refused: refusedIn(results),
    verdicts,
    counts,
    preflight,
    results,
  }
}

/** A label is earned where something of it ran, and all of it passed. */
function labels({ claims }: Backend, { scenarios, results }: ReportInput): string[] {
  return (Object.keys(LABELS) as Capability[]).flatMap((capability) => {
    const verdicts = results
      .filter((_, index) => scenarios[index]?.capabilities?.includes(capability))
      .map(({ verdict }) => verdict)
    const earned = verdicts.length > 0 && verdicts.every((verdict) => verdict === 'pass')
    const label = LABELS[capability]
    return claims[capability] === true && earned && label !== undefined ? [label] : []
  })
}

/** What the backend says of itself; that it fails to is a fact, too. */
async function factsOf(backend: Backend): Promise<Readonly<Record<string, string>>> {
  const asked = within('describe()', LIMIT_MS.open, async () => (await backend.describe?.()) ?? {})
  return asked.catch((error: unknown) => ({ 'describe()': messageOf(error) }))
}

function suiteVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

/** Two reports of one hash went by the same catalogue. */
function hashOf(catalogue: readonly Scenario[]): string {
  const facts = catalogue.map(({ id, clause, level, protocols, capabilities = [], needs = '', asserts }) => {
    return [id, clause, level, protocols, capabilities, needs, asserts]
  })
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 16)
}

/** `N passed, N failed, N skipped`. */
export function closingLine({ counts }: Report): string {
  return `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`
}
