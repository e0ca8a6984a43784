import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const modules = path.join(import.meta.dirname, '../../../node_modules')
const readme = new URL('../README.md', import.meta.url)

const SHOWN = [
  ['Effects that take long', '{ price: 101.25, shares: 2 }\n'],
  ['Seals', 'true null 2 2\ntrue\nfalse\n'],
  ['Tracing', 'resourceLock.acquire: STORAGE_INSUFFICIENT_CAPACITY\n'],
] as const

test.each(SHOWN)('%s: the example prints what it says, and ends by itself', async (title, expected) => {
  const [, section = ''] = (await readFile(readme, 'utf8')).split(`## ${title}\n`)
  const [, source = ''] = /```ts\n(.*?)```/s.exec(section) ?? []
  const folder = await mkdtemp(path.join(tmpdir(), 'dir-storage-readme-'))
  try {
    await symlink(modules, path.join(folder, 'node_modules'))
    await writeFile(path.join(folder, 'example.mts'), source)
    const command = ['--conditions=@dir/source', 'example.mts']
    const { stdout } = await promisify(execFile)(process.execPath, command, { cwd: folder })
    expect(stdout).toBe(expected)
  } finally {
    await rm(folder, { recursive: true })
  }
})
