import { createRequire } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type { StorageHandle } from '@dir/storage-core'
import { StoreError, UsageError } from './errors.ts'

/** What a handle is opened with. */
export interface Settings {
  readonly namespace?: string
  readonly init: boolean
  readonly operationTimeoutMs?: number
}

export interface Adapter {
  readonly package: string
  /** Opens the store that a URL of this backend names. */
  readonly open: (module: Module, url: string, settings: Settings) => StorageHandle
}

/** What an adapter's package exports, by name. */
export type Module = Readonly<Record<string, unknown>>

type Factory = (options: object) => StorageHandle

function byUrl(name: string, factory: string): Adapter {
  const open: Adapter['open'] = (module, url, settings) => (module[factory] as Factory)({ url, ...settings })
  return { package: `@dir/storage-${name}`, open }
}

const SQLITE: Adapter = {
  package: '@dir/storage-sqlite',
  open: (module, url, { namespace, ...settings }) => {
    if (namespace !== undefined) throw new UsageError('A SQLite file has no namespaces: leave it out.')
    return (module['sqliteStorage'] as Factory)({ path: pathOf(url), ...settings })
  },
}

/** The path in `sqlite:PATH`, `sqlite://PATH` or `sqlite:///absolute/path`. */
export function pathOf(url: string): string {
  return url.replace(/^sqlite:(\/\/)?/, '')
}

const POSTGRES = byUrl('postgres', 'postgresStorage')
const REDIS = byUrl('redis', 'redisStorage')
const MONGO = byUrl('mongo', 'mongoStorage')

/** By the scheme of a URL. */
export const ADAPTERS: Readonly<Record<string, Adapter>> = {
  sqlite: SQLITE,
  postgres: POSTGRES,
  postgresql: POSTGRES,
  redis: REDIS,
  rediss: REDIS,
  mongodb: MONGO,
  'mongodb+srv': MONGO,
}

/** Loads an adapter, from the project in the current folder or else from beside this package. */
export async function loadAdapter(name: string): Promise<Module> {
  const places = [`${process.cwd()}${path.sep}`, import.meta.url]
  for (const place of places) {
    const found = find(name, place)
    if (found !== null) return (await import(pathToFileURL(found).href)) as Module
  }
  throw new StoreError(`This store needs ${name}, which is not installed here: npm install ${name}`)
}

function find(name: string, from: string): string | null {
  try {
    return createRequire(from).resolve(name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return null
    throw error
  }
}
