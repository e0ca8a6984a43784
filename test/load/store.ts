import { randomBytes } from 'node:crypto'
import { SERVER_NAMES, type Server, type ServerName, start } from '../../scripts/servers/index.ts'
import { makeHome } from '../../scripts/servers/home.ts'
import { VARIABLES } from '../../scripts/servers/provide.ts'
import { patientUrl } from './patient.ts'

export const BACKENDS = ['sqlite', ...SERVER_NAMES] as const

export type BackendName = (typeof BACKENDS)[number]

/** A store of our own to put under load. It ends with this process at the latest. */
export interface Store {
  readonly name: BackendName
  /** The URL of a backend's module, as the conformance suite takes them, which child processes load. */
  readonly module: string
  /** What to kill; null for a file, whose writers are killed instead. */
  readonly server: Pick<Server, 'kill9' | 'restart'> | null
  stop(): Promise<void>
}

function moduleOf(name: BackendName): string {
  return patientUrl(new URL(`../../packages/storage-${name}/test/backend.ts`, import.meta.url).href)
}

/** Starts a store; child processes find it by the environment. */
export async function openStore(name: BackendName): Promise<Store> {
  return name === 'sqlite' ? openFolder() : openServer(name)
}

function openFolder(): Store {
  const home = makeHome('sqlite')
  process.env['DIR_STORAGE_SQLITE_FOLDER'] = home.dir
  return { name: 'sqlite', module: moduleOf('sqlite'), server: null, stop: () => home.remove() }
}

/** A server, by default one that has on disk what it has confirmed. */
export async function openServer(name: ServerName, starting: Promise<Server> = start(name)): Promise<Store> {
  const server = await starting
  process.env[VARIABLES[name]] = server.url
  return { name, module: moduleOf(name), server, stop: () => server.stop() }
}

/** A namespace that no run has used before. */
export function freshNamespace(): string {
  return `load_${randomBytes(8).toString('hex')}`
}
