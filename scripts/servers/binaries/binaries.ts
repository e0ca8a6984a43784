import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import path from 'node:path'

/** A server's executable, and where it was found. */
export interface Binary {
  readonly file: string
  readonly origin: string
  /** The folder with all that was fetched for it, its libraries included. */
  readonly folder?: string
}

/** No binary on this machine, and none that could be fetched: the message says what to install. */
export class NoServerError extends Error {
  constructor(title: string, advice: string, reasons: readonly string[] = []) {
    super([`${title} is not on this machine: ${advice}`, ...reasons].join('\n  '))
    this.name = 'NoServerError'
  }
}

/** The number in what `--version` prints. */
export function versionOf(file: string, env: NodeJS.ProcessEnv = {}): string {
  const { stdout } = spawnSync(file, ['--version'], { encoding: 'utf8', env: { ...process.env, ...env } })
  return /\d+(?:\.\d+)+/.exec(stdout ?? '')?.[0] ?? 'unknown'
}

/** The environment in which a binary finds the libraries that were fetched with it. */
export function libraryPath(folder: string | undefined): NodeJS.ProcessEnv {
  if (folder === undefined) return {}
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  const libraries = entries.filter(({ name }) => name.includes('.so.')).map(({ parentPath }) => parentPath)
  return { LD_LIBRARY_PATH: [...new Set(libraries)].join(path.delimiter) }
}
