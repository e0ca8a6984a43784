import { PROTOCOLS } from '@dir/storage-core'
import { AssertionFailure, createAssert } from './assert.ts'
import type { ApplicationTransaction } from './backend.ts'
import { type Ends, destroy, finish } from './ends.ts'
import { LIMIT_MS, TimeLimitError, within } from './limits.ts'
import { messageOf } from './message.ts'
import { gives, openBackend } from './open.ts'
import { type Processes, createProcesses } from './processes.ts'
import { nonce, randomStream } from './random.ts'
import type { Level, Scenario, ScenarioContext } from './scenario.ts'
import type { Site } from './site.ts'
import { watchStrays } from './strays.ts'
import { Inconclusive, NotThere, type ScenarioResult, type Seen, type Verdict, result } from './verdict.ts'
import { type Watch, createWatch } from './watch.ts'
import { whereOf } from './where.ts'

const TIMEOUT_MS: Readonly<Record<Level, number>> = {
  seed: 90_000,
  atomic: 180_000,
  shared: 300_000,
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
  const watch = createWatch(LIMIT_MS.method, site.backend.operationTimeoutMs)
  const strays = watchStrays()
  const ends: Ends = { releases: [], handles: [], processes: [], namespaces: [] }
  const run = async (): Promise<void> =>
    scenario.run(await createContext(site, scenario, assert, watch, ends))
  const failures: unknown[] = []
  try {
    await within('It', timeoutOf(site, scenario), () => Promise.race([run(), watch.overdue]))
    const part = scenario.protocols === 'any' && site.backend.protocols !== undefined
    if (part && assert.count === 0) throw new NotThere('Nothing of it concerns what the backend brings.')
    const least = part ? 1 : scenario.asserts
    if (assert.count < least)
      throw new Error(`It made ${assert.count} statements, and must make at least ${least}.`)
  } catch (error) {
    const pending = error instanceof TimeLimitError ? watch.pending() : ''
    failures.push(
      pending === '' ? error : new TimeLimitError(`${(error as Error).message} Not settled: ${pending}`),
    )
  }
  failures.push(...(await finish(site.backend, ends)))
  for (const stray of await strays.end())
    failures.push(
      new Error('A promise was rejected, or an exception thrown, that nobody can handle.', { cause: stray }),
    )
  watch.end()
  const seen = failures.length === 0 ? { verdict: 'pass' as const } : seenIn(failures[0], watch)
  return result(scenario, seen, assert.count, startedAt)
}

async function createContext(
  site: Site,
  scenario: Scenario,
  assert: ScenarioContext['assert'],
  watch: Watch,
  ends: Ends,
): Promise<ScenarioContext> {
  const { backend, module, seed } = site
  const freshNamespace: ScenarioContext['freshNamespace'] = (namespace = `conformance_${nonce()}`) => {
    ends.namespaces.push(namespace)
    return namespace
  }
  const namespace = scenario.needs === 'empty' ? freshNamespace() : site.sharedNamespace
  const openRaw: ScenarioContext['open'] = async ({ namespace: other = namespace, ...options } = {}) => {
    const handle = await within('open()', LIMIT_MS.open, () => openBackend(backend, other, options))
    ends.handles.push(handle)
    return handle
  }
  const processes = module === null ? NO_PROCESSES : newProcesses(site, module, namespace, scenario, ends)
  const storage = await openRaw()
  for (const member of scenario.uses ?? [])
    if (!(member === 'stall' ? backend.stall !== undefined : gives(storage, member)))
      throw new NotThere(member === 'stall' ? 'The module has no stall().' : `open() gives no ${member}.`)
  const unguessable = nonce()
  let ids = 0
  return {
    storage: watch.handle(storage),
    namespace,
    protocols: backend.protocols ?? PROTOCOLS,
    gives: (member) => gives(storage, member),
    open: async (options = {}) => watch.handle(await openRaw(options), options),
    destroy: (other) => destroy(backend, other),
    freshNamespace,
    id: (label = 'id') => `${label}-${unguessable}-${ids++}`,
    random: randomStream(seed, scenario.id),
    assert,
    processes,
    async openTransaction() {
      const open = async (): Promise<ApplicationTransaction | undefined> =>
        backend.openTransaction?.(namespace)
      const transaction = await within('openTransaction()', LIMIT_MS.open, open)
      if (transaction === undefined) throw new NotThere('The module has no openTransaction().')
      ends.releases.push(() => within('close() of a transaction', LIMIT_MS.close, () => transaction.close()))
      return transaction
    },
    async stall() {
      const release = await within('stall()', LIMIT_MS.stall, async () => backend.stall?.(namespace))
      let released: Promise<void> | undefined
      const once = (): Promise<void> =>
        (released ??= within('the end of stall()', LIMIT_MS.stall, async () => release?.()))
      ends.releases.push(once)
      return once
    },
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
  ends: Ends,
): Processes {
  const processes = createProcesses({ backend: module, namespace, seed, scenario: scenario.id })
  ends.processes.push(() => processes.end())
  return processes
}

function seenIn(error: unknown, watch: Watch): Seen {
  const verdict = verdictOf(error)
  const message = messageOf(error)
  if (verdict !== 'fail' && verdict !== 'error')
    return { verdict, message, optional: error instanceof NotThere }
  const stack = error instanceof Error ? error.stack : undefined
  const place = error instanceof AssertionFailure ? error.where : whereOf(stack)
  const call = watch.callOf(error)
  const where = place ?? whereOf(call?.trace.stack)
  const caller = verdict === 'error' && call !== undefined ? `\nthe call: ${call.name}` : ''
  return { verdict, message: message + caller, ...(where === undefined ? {} : { where }) }
}

function verdictOf(error: unknown): Verdict {
  if (error instanceof AssertionFailure) return 'fail'
  if (error instanceof Inconclusive) return 'inconclusive'
  if (error instanceof NotThere) return 'not-run'
  // A scenario is only scheduled for what is claimed, so a refusal of it contradicts the claim.
  return (error as { code?: unknown } | null)?.code === 'STORAGE_UNSUPPORTED' ? 'fail' : 'error'
}
