import { existsSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { PROTOCOLS, type StorageBundle, type StorageHandle, mixStorage } from '@dir/storage-core'
import { ADAPTERS, type Module, loadAdapter, pathOf } from './adapters.ts'
import { UsageError } from './errors.ts'

/** Whether a schema that is missing is made, or an older one brought up to date. */
export type Purpose = 'use' | 'make'

export interface OpenedStore {
  readonly storage: StorageHandle
  /** What it is called in messages: its name without user and password. */
  readonly label: string
  /** What the adapter's package exports; undefined where a module opened the store. */
  readonly adapter: Module | undefined
  readonly namespace: string | undefined
  readonly scheme: string | undefined
}

export interface StoreSettings {
  readonly namespace?: string
  readonly timeoutMs?: number
}

const HOW = 'Name a store by sqlite:PATH, postgres://…, redis://…, mongodb://… or the path of a module'

/** Opens the store that `name` names: a URL, with a namespace behind `#` if there are several, or the path of a module. */
export async function openStore(
  name: string,
  purpose: Purpose,
  { namespace: given, timeoutMs }: StoreSettings,
): Promise<OpenedStore> {
  const scheme = /^([a-z][a-z+]+):/i.exec(name)?.[1]?.toLowerCase()
  const adapter = scheme === undefined ? undefined : ADAPTERS[scheme]
  if (scheme === undefined || adapter === undefined) return openModule(name, given)
  // a path may have a # in it
  const [address = '', ...fragments] = scheme === 'sqlite' ? [name] : name.split('#')
  const namespace = fragments.length === 0 ? given : fragments.join('#')
  const module = await loadAdapter(adapter.package)
  const storage = adapter.open(module, address, {
    init: purpose === 'make',
    ...(namespace === undefined ? {} : { namespace }),
    ...(timeoutMs === undefined ? {} : { operationTimeoutMs: timeoutMs }),
  })
  return { storage, label: labelOf(address, namespace), adapter: module, namespace, scheme }
}

/** A URL as it may be shown: whatever may be a password is left out. */
function labelOf(url: string, namespace: string | undefined): string {
  if (url.startsWith('sqlite:')) return `sqlite:${pathOf(url)}`
  const [shown = ''] = url.replace(/^([^:]+:\/\/).*@/s, '$1').split('?')
  return namespace === undefined ? shown : `${shown}#${namespace}`
}

async function openModule(name: string, namespace: string | undefined): Promise<OpenedStore> {
  const file = path.resolve(name)
  if (!/\.[cm]?[jt]s$/.test(name) || !existsSync(file)) {
    // what is no path may be a URL with a password in it
    const shown = /^[\w./\\-]*$/.test(name) ? JSON.stringify(name) : 'This'
    throw new UsageError(`${shown} is no store that is known here. ${HOW}.`)
  }
  if (namespace !== undefined)
    throw new UsageError('A module opens its store itself: leave out the namespace.')
  const module = (await import(pathToFileURL(file).href)) as {
    readonly default?: unknown
    readonly storage?: unknown
  }
  const exported = module.default ?? module.storage
  const opened: unknown = typeof exported === 'function' ? await (exported as () => unknown)() : exported
  if (typeof opened !== 'object' || opened === null || !('lifecycle' in opened))
    throw new UsageError(
      `${name} exports no store: export a handle or a bundle, or a function that returns one, as default or as storage.`,
    )
  const storage = 'exportRecords' in opened ? (opened as StorageHandle) : handleOf(opened as StorageBundle)
  return { storage, label: name, adapter: undefined, namespace: undefined, scheme: undefined }
}

/** A bundle as a handle, which refuses what stores by themselves do not have. */
function handleOf(bundle: StorageBundle): StorageHandle {
  return mixStorage(Object.fromEntries(PROTOCOLS.map((protocol) => [protocol, bundle[protocol]])))
}
