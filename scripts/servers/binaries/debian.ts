import { mkdir, readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { fetched } from './fetched.ts'
import { run } from './run.ts'

/**
 * The folder with a Debian package and the libraries it needs that are missing here. They are only unpacked, never
 * installed: that needs no root, starts no service, and leaves the machine's own lists of packages alone.
 */
export function debianPackage(
  name: string,
  finish: (folder: string) => Promise<void> = async () => {},
): Promise<string> {
  return fetched(`apt-${name}`, async (draft) => {
    const state = path.join(draft, 'apt')
    await mkdir(path.join(state, 'lists/partial'), { recursive: true })
    await mkdir(path.join(state, 'archives/partial'), { recursive: true })
    const settings = [
      `Dir::State::lists=${state}/lists`,
      `Dir::Cache=${state}`,
      'Debug::NoLocking=1',
      'APT::Sandbox::User=root',
      'Acquire::Languages=none',
    ]
    const apt = (command: string, ...args: string[]): Promise<string> =>
      run('apt-get', [command, '-q', ...settings.flatMap((one) => ['-o', one]), ...args], { cwd: state })
    await apt('update')
    const plan = await apt('install', '--simulate', '--no-install-recommends', name)
    await apt('download', name, ...librariesIn(plan))
    for (const file of await readdir(state))
      if (file.endsWith('.deb')) await run('dpkg', ['-x', path.join(state, file), draft])
    await rm(state, { recursive: true })
    await finish(draft)
  })
}

/** What an installation would bring, as far as it is a library. */
function librariesIn(plan: string): string[] {
  return [...plan.matchAll(/^Inst (lib\S+)/gm)].flatMap(([, name]) => (name === undefined ? [] : [name]))
}
