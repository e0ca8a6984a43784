import type { StorageHandle } from '@dir/storage-core'
import { AssertionFailure, createAssert } from './assert.ts'
import { openBackend } from './open.ts'
import { type Processes, createProcesses } from './processes.ts'
import { nonce, randomStream } from './random.ts'
import type { Level, Scenario, ScenarioContext } from './scenario.ts'
import type { Site } from './site.ts'
import { watchStrays } from './strays.ts'
import { Inconclusive, type ScenarioResult, type Verdict, result } from './verdict.ts'

const TIMEOUT_MS: Readonly<Record<Level, number>> = {
  seed: 30_000,
  atomic: 60_000,
  shared: 180_000,
  durable: 300_000,
}

/** How long a scenario may take. */
export function timeoutOf(site: Pick<Site, 'timeoutMs'>, { level }: Scenario): number {
  return site.timeoutMs ?? TIMEOUT_MS[level]
}

/** Runs one scenario on handles, namespaces and processes of its own, all of which end with it. Never rejects. */
export async function execute(site: Site, scenario: Scenario): Promise<ScenarioResult> {
  const startedAt = performance.now()
  const assert = createAssert()
  const ends: (() => Promise<unknown>)[] = []
  let verdict: Verdict = 'pass'
  let message: string | undefined
  const note = (error: unknown): void => {
    verdict = verdictOf(error)
    message = messageOf(error)
  }
  const strays = watchStrays()
  try {
    const running = createContext(site, scenario, assert, ends).then((context) => scenario.run(context))
    await within(timeoutOf(site, scenario), running)
    if (assert.count < scenario.asserts)
      throw new Error(`It made ${assert.count} statements, and must make at least ${scenario.asserts}.`)
  } catch (error) {
    note(error)
  }
  for (const end of ends.toReversed()) {
    await within(10_000, end()).catch((error: unknown) => {
      if (verdict === 'pass') note(error)
    })
  }
  const [stray] = await strays.end()
  if (verdict === 'pass' && stray !== undefined)
    note(new Error(`A promise was rejected that nobody can handle: ${messageOf(stray)}`))
  return result(scenario, verdict, assert.count, startedAt, message)
}

async function createContext(
  site: Site,
  scenario: Scenario,
  assert: ScenarioContext['assert'],
  ends: (() => Promise<unknown>)[],
): Promise<ScenarioContext> {
  const { backend, module, seed } = site
  const freshNamespace = (): string => {
    const namespace = `conformance_${nonce()}`
    ends.push(() => backend.destroy(namespace))
    return namespace
  }
  const namespace = scenario.needs === 'empty' ? freshNamespace() : site.sharedNamespace
  const open: ScenarioContext['open'] = async ({ namespace: other = namespace, ...options } = {}) => {
    const handle = await openBackend(backend, other, options)
    ends.push(() => handle.close())
    return handle
  }
  const processes = module === null ? NO_PROCESSES : newProcesses(site, module, namespace, scenario, ends)
  const storage: StorageHandle = await open()
  const unguessable = nonce()
  let ids = 0
  return {
    storage,
    namespace,
    open,
    freshNamespace,
    id: (label = 'id') => `${label}-${unguessable}-${ids++}`,
    random: randomStream(seed, scenario.id),
    assert,
    processes,
  }
}

const NO_PROCESSES: Processes = {
  run: () => Promise.reject(new Error('Child processes need the backend as the path of a module.')),
  start: () => Promise.reject(new Error('Child processes need the backend as the path of a module.')),
}

function newProcesses(
  { seed }: Site,
  module: string,
  namespace: string,
  scenario: Scenario,
  ends: (() => Promise<unknown>)[],
): Processes {
  const processes = createProcesses({ backend: module, namespace, seed, scenario: scenario.id })
  ends.push(() => processes.end())
  return processes
}

function within<T>(timeoutMs: number, promise: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`It did not end within ${timeoutMs} ms.`)), timeoutMs)
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

function verdictOf(error: unknown): Verdict {
  if (error instanceof AssertionFailure) return 'fail'
  if (error instanceof Inconclusive) return 'inconclusive'
  // A scenario is only scheduled for what is claimed, so a refusal of it contradicts the claim.
  return (error as { code?: unknown } | null)?.code === 'STORAGE_UNSUPPORTED' ? 'fail' : 'error'
}

function messageOf(error: unknown): string {
  if (error instanceof AssertionFailure || error instanceof Inconclusive) return error.message
  if (!(error instanceof Error)) return String(error)
  const lines = (error.stack ?? error.message).split('\n')
  return lines
    .filter((line) => !line.includes('node:internal'))
    .slice(0, 12)
    .join('\n')
}
