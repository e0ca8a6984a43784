import { type Atomically, type RecordedCall, recordBatch, replay } from '../handle/batch.ts'
import { closeOnce, shareEffects } from '../handle/closing.ts'
import type { Health, StorageHandle } from '../handle/storage-handle.ts'
import { CAPABILITIES, type Capability } from '../rules/capabilities.ts'
import { ConfigurationError, InvalidArgumentError, UnsupportedError } from '../errors/index.ts'
import { CAPABILITY_OF, PROTOCOLS, type Protocol, type StorageBundle } from '../protocols/index.ts'
import { exportMix, importMix } from './mix-transfer.ts'
import { type Owners, mixOwners, pruneMembers, rememberOwners } from './owners.ts'
import { record } from '../rules/objects.ts'
import { traceOf } from '../handle/call-tracing.ts'
import { locateErrors } from '../handle/locate-errors.ts'
import { prune } from '../handle/prune.ts'
import { reading } from '../rules/validate.ts'

/** Where each protocol comes from: a handle, or a single store of one's own. */
export type MixSources = { readonly [P in Protocol]?: StorageHandle | StorageBundle[P] } & {
  /** For every protocol that is not named. */
  readonly default?: StorageHandle
}

/**
 * One bundle from several backends. `init`, `close` and `health` reach each backend once; a mix closes what it was
 * given, all of it once the effects of `runOnce` that called any of it are over. `atomically` works where all protocols that it touches come from one handle, and else rejects with
 * `UnsupportedError` before anything is sent. `explainMix` says what a mix cannot promise.
 * @throws ConfigurationError at once, if a protocol has neither a source of its own nor a default.
 */
export function mixStorage(sources: MixSources): StorageHandle {
  const given = record('sources', sources, ['default', ...PROTOCOLS]) as MixSources
  const stores: Partial<Record<Protocol, unknown>> = {}
  const owners: Partial<Record<Protocol, StorageHandle | null>> = {}
  for (const protocol of PROTOCOLS) {
    const name = given[protocol] === undefined ? 'default' : protocol
    const source = given[name]
    if (source === undefined)
      throw new ConfigurationError(
        `Nothing brings ${protocol}. Name a source for it, or a default.`,
        protocol,
        'nothing',
        'a handle or a store',
      )
    const handle = handleIn(name, source)
    owners[protocol] = handle === null ? null : ownerIn(handle, protocol)
    stores[protocol] = handle === null ? source : handle[protocol]
  }
  const bundle = stores as StorageBundle
  const owner = owners as Owners
  const handles = [...new Set(Object.values(owner).filter((one) => one !== null))]
  const lone = PROTOCOLS.filter((protocol) => owner[protocol] === null).map((protocol) => bundle[protocol])

  const init = async (): Promise<void> => {
    await Promise.all(handles.map((handle) => handle.init()))
    await Promise.all(lone.flatMap((store) => ('initSchema' in store ? [store.initSchema()] : [])))
  }

  const close = closeOnce({ backend: 'mix', protocol: '', method: 'close' }, (drainMs) =>
    closeAll(handles, drainMs),
  )

  const atomically: Atomically = async (act) => {
    const calls: RecordedCall[] = []
    const pick = recordBatch(act, (call) => calls.push(call))
    const touched = new Set(calls.map((call) => owner[call.protocol]))
    const [only] = touched
    if (touched.size === 0) {
      await handles[0]?.atomically(() => {})
      return []
    }
    if (touched.size > 1 || only === null || only === undefined)
      throw new UnsupportedError(
        'atomically',
        'These protocols come from different backends, which cannot commit together. Take them from one handle.',
      )
    return pick(await only.atomically((batch) => replay(calls, batch)))
  }

  const pruneAll: StorageHandle['prune'] = (options) =>
    locateErrors(PRUNE, async () => prune(...pruneMembers(owner), options), pruneAll, traceOf(PRUNE))

  const mix: StorageHandle = {
    ...bundle,
    backend: 'mix',
    capabilities: new Set(CAPABILITIES.filter((capability) => has(capability, bundle, owner))),
    init,
    close,
    [Symbol.asyncDispose]: close,
    health: () => healthOf(handles),
    atomically: atomically as StorageHandle['atomically'],
    within(client) {
      const [only, ...others] = new Set(Object.values(owner))
      if (only === undefined || only === null || others.length > 0)
        throw new UnsupportedError(
          'join',
          'A mix of several backends has no transaction to join. Call within() of the handle that it was given.',
        )
      return only.within(client)
    },
    exportRecords: () => exportMix(owner),
    importRecords: (records, options) => importMix(owner, records, options),
    prune: pruneAll,
  }
  rememberOwners(mix, owner)
  return mix
}

const PRUNE = { backend: 'mix', protocol: '', method: 'prune' } as const

/** Where a handle has a protocol from: another one, or null for a single store, if it is a mix itself. */
function ownerIn(handle: StorageHandle, protocol: Protocol): StorageHandle | null {
  const owners = mixOwners(handle)
  return owners === undefined ? handle : owners[protocol]
}

/** The source if it is a handle, null if it is a store. */
function handleIn(name: string, source: unknown): StorageHandle | null {
  return reading(name, () => {
    if (typeof source !== 'object' || source === null)
      throw new InvalidArgumentError(name, 'must be a storage handle, or a store of that protocol')
    return 'atomically' in source && 'health' in source ? (source as StorageHandle) : null
  })
}

/** A single store counts as having what it has a method for; what spans protocols, every source must have. */
function has(capability: Capability, bundle: StorageBundle, owners: Owners): boolean {
  const home = CAPABILITY_OF[capability]
  if (home === null) {
    const all = new Set(Object.values(owners))
    const every = [...all].every((owner) => owner?.capabilities.has(capability) ?? false)
    return every && ((capability !== 'atomically' && capability !== 'join') || all.size === 1)
  }
  const [protocol, method] = home
  return owners[protocol]?.capabilities.has(capability) ?? method in bundle[protocol]
}

async function closeAll(handles: readonly StorageHandle[], drainMs: number): Promise<void> {
  shareEffects(handles)
  const outcomes = await Promise.allSettled(handles.map((handle) => handle.close({ drainMs })))
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
}

async function healthOf(handles: readonly StorageHandle[]): Promise<Health> {
  const all = await Promise.all(handles.map((handle) => handle.health()))
  const details = all.flatMap((health) =>
    Object.entries({ ok: health.ok, ...health.details }).map(
      ([name, value]) => [`${health.backend}.${name}`, value] as const,
    ),
  )
  return { ok: all.every((health) => health.ok), backend: 'mix', details: Object.fromEntries(details) }
}
