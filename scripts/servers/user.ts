import { spawnSync } from 'node:child_process'
import { cpSync, readFileSync } from 'node:fs'
import path from 'node:path'

export interface User {
  readonly uid: number
  readonly gid: number
}

/** The user to run a server as that refuses to run as root; undefined where we are not root. */
export function ordinaryUser(): User | undefined {
  if (process.getuid?.() !== 0) return undefined
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
  const named = (name: string): string[] | undefined => users.find(([first]) => first === name)
  const found = named('postgres') ?? named('nobody')
  if (found === undefined) throw new Error("Running as root, and there is no user 'postgres' or 'nobody'")
  return { uid: Number(found[2]), gid: Number(found[3]) }
}

/**
 * The folder of binaries itself, or a copy of it in `dir` where the user may not enter: a checkout or a cache in
 * root's own home is closed to others.
 */
export function reachable(folder: string, binary: string, user: User | undefined, dir: string): string {
  const file = path.join(folder, binary)
  const { error } = spawnSync(file, ['--version'], { ...user, stdio: 'ignore', cwd: '/' })
  if (error === undefined || !('code' in error) || error.code !== 'EACCES') return folder
  const copy = path.join(dir, 'binaries')
  cpSync(folder, copy, { recursive: true, verbatimSymlinks: true })
  return copy
}
