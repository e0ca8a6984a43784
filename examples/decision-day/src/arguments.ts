import { parseArgs } from 'node:util'
import { InvalidArgumentError } from '@dir/storage-core'
import { checkNamespace } from '@dir/storage-core/adapter'
import { VARIABLES, givenUrl } from '../../../scripts/servers/provide.ts'
import { BACKEND_NAMES, type Backend, findBackend } from './backends.ts'

/** Where one of several workers is killed: in the middle of an order, before its write of that number, or nowhere. */
export type Crash = 'order' | number | null

export interface Arguments {
  readonly backend: string
  readonly days: number
  readonly workers: number
  readonly crash: Crash
  readonly unsafe: boolean
  /** Null: a fresh one that is removed afterwards. */
  readonly store: string | null
  /** Whether a store that would be removed is kept here, where it is a file. */
  readonly keep: boolean
}

/** Where `--keep` puts a store: into the current folder. */
export const KEPT = 'decision-day.sqlite'

const NAMES = `${BACKEND_NAMES.slice(0, -1).join(', ')} or ${BACKEND_NAMES.at(-1)}`

export const USAGE = `Usage: decision-day [options]
  --backend NAME   ${NAMES} (default: sqlite)
  --days N|all     the first N days of the data (default: 500)
  --workers N      1 to 16 processes on one store (default: 1)
  --crash          kills one of several workers in the middle of an order
  --crash-at N     kills it before its N-th write instead
  --unsafe         read, decide and write in separate steps, and see what is lost
  --store PATH     keep the store there, or go on with what is there (default: a fresh one, removed at the end)
  --store NAME     the same on a server of yours, where it is a namespace
  --keep           keep the SQLite file of a fresh store as ${KEPT}, in the place of the last one
  --help           this text

Servers are those that ${Object.values(VARIABLES).join(', ')}
name. One that is needed and not named is started for the run, and ends with it. A mix has its audit log,
lifecycles and locks on PostgreSQL, counts and requests on Redis, sessions on MongoDB, the rest on SQLite.`

/** What is wrong with the command line; its message is one line. */
export class UsageError extends Error {}

/** Reads the command line. Null: help is wanted. @throws UsageError */
export function readArguments(argv: readonly string[], allDays: number): Arguments | null {
  const given = parse(argv)
  if (given.help === true) return null
  const { backend = 'sqlite', days = '500', store = null, unsafe = false, keep = false } = given
  const workers = wholeNumber('--workers', given.workers ?? '1', 16)
  const found = findBackend(backend)
  if (found === undefined) throw new UsageError(`--backend must be ${NAMES}, not "${backend}".`)
  if (!found.shared && workers > 1)
    throw new UsageError(`The ${backend} backend lives in one process: use --workers 1, or another backend.`)
  if (!found.shared && store !== null)
    throw new UsageError(`The ${backend} backend keeps nothing: leave --store out, or use another backend.`)
  if (store === '') throw new UsageError('--store needs a path, or a name.')
  if (store !== null) checkStore(store, backend, found)
  const crash = readCrash(given)
  if (crash !== null && workers < 2)
    throw new UsageError('--crash kills one of several workers: use it with --workers 2 or more.')
  const count = days === 'all' ? allDays : wholeNumber('--days', days, allDays)
  return { backend, days: count, workers, crash, unsafe, store, keep: keep && store === null }
}

function readCrash(given: ReturnType<typeof parse>): Crash {
  if (given['crash-at'] !== undefined) return wholeNumber('--crash-at', given['crash-at'], 1_000_000)
  return given.crash === true ? 'order' : null
}

/** On a server, what is to be kept has a namespace's name, and the server is the user's own. */
function checkStore(store: string, backend: string, { servers }: Backend): void {
  if (servers.length === 0) return
  const missing = servers.filter((name) => givenUrl(name) === undefined).map((name) => VARIABLES[name])
  if (missing.length > 0)
    throw new UsageError(`--store on ${backend} needs a server that stays: set ${missing.join(', ')}.`)
  try {
    checkNamespace('--store', store)
  } catch (error) {
    throw error instanceof InvalidArgumentError ? new UsageError(`--store ${error.reason}.`) : error
  }
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        backend: { type: 'string' },
        days: { type: 'string' },
        workers: { type: 'string' },
        crash: { type: 'boolean' },
        'crash-at': { type: 'string' },
        unsafe: { type: 'boolean' },
        store: { type: 'string' },
        keep: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    }).values
  } catch (error) {
    throw new UsageError((error as Error).message.split('\n')[0])
  }
}

function wholeNumber(option: string, text: string, most: number): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < 1 || value > most)
    throw new UsageError(`${option} must be a whole number from 1 to ${most}, not "${text}".`)
  return value
}
