import { mkdirSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { findBinary } from '../places.ts'
import { fetched } from './fetched.ts'
import { run } from './run.ts'

/**
 * A Debian package, and the libraries it needs that are missing here, unpacked into the cache. Nothing is installed,
 * so no root is needed and no service starts; the lists of packages are kept in the cache too.
 */
export function debianPackage(name: string): string {
  if (findBinary('apt-get') === undefined) throw new Error('apt-get is not on this machine')
  return fetched(`apt-${name}`, (draft) => {
    const state = path.join(draft, 'apt')
    for (const folder of ['lists/partial', 'archives/partial'])
      mkdirSync(path.join(state, folder), { recursive: true })
    const options = [
      ...['-o', `Dir::State::lists=${state}/lists`, '-o', `Dir::Cache=${state}`],
      ...['-o', 'Debug::NoLocking=1', '-o', 'APT::Sandbox::User=root', '-q'],
    ]
    run('apt-get', ['update', ...options])
    run('apt-get', ['download', ...options, ...missing(name, options)], state)
    for (const file of readdirSync(state).filter((one) => one.endsWith('.deb')))
      run('dpkg', ['-x', path.join(state, file), draft])
  })
}

/** What an installation would bring, as far as it is a library or the package itself. */
function missing(name: string, options: readonly string[]): string[] {
  const plan = run('apt-get', ['install', '--simulate', '--no-install-recommends', ...options, name])
  const wanted = [...plan.matchAll(/^Inst (\S+)/gm)].flatMap(([, one]) => (one === undefined ? [] : [one]))
  return [...new Set([name, ...wanted.filter((one) => one.startsWith('lib'))])]
}
