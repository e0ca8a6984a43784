import { existsSync } from 'node:fs'
import path from 'node:path'
import { sqliteStorage } from '@dir/storage-sqlite'
import { describe, expect, test } from 'vitest'
import { dirStorage, dirStorageWith, ended, folder, start } from './command.ts'

const STORES = path.join(import.meta.dirname, 'stores')

async function sqliteFile(): Promise<string> {
  const file = path.join(folder(), 'store.sqlite')
  const storage = sqliteStorage(file)
  await storage.init()
  await storage.close()
  return file
}

describe('a store is named', () => {
  test('by a URL, by the environment, or by the path of a module', async () => {
    const file = await sqliteFile()
    for (const ended of [
      await dirStorage('doctor', '--store', `sqlite:${file}`),
      await dirStorage('doctor', '--store', `sqlite://${file}`),
      await dirStorageWith({ DIR_STORAGE_URL: `sqlite:${file}` }, 'doctor'),
      await dirStorage('doctor', '--store', path.join(STORES, 'memory.ts')),
      await dirStorage('doctor', '--store', path.join(STORES, 'mix.ts')),
      await dirStorage('doctor', '--store', path.join(STORES, 'bundle.ts')),
    ])
      expect([ended.code, ended.stderr]).toEqual([0, ''])
  })

  test.each([
    ['nothing', [], 'Name the store by --store, or by DIR_STORAGE_URL'],
    ['a word', ['--store', 'shop'], '"shop" is no store that is known here'],
    [
      'a URL of another kind',
      ['--store', 'mysql://me:secret@host/db'],
      'This is no store that is known here',
    ],
    ['a module without a store', ['--store', path.join(STORES, 'none.ts')], 'exports no store'],
    ['a namespace in a file', ['--store', 'sqlite:x.sqlite', '-n', 'desk'], 'has no namespaces'],
    ['an option that is not there', ['--stroe', 'x'], "unknown option '--stroe'"],
    ['a time that is none', ['--timeout', 'soon'], 'It is a span of time such as'],
  ])('not by %s: exit code 2', async (_, args, message) => {
    const { code, stdout, stderr } = await dirStorage('doctor', ...args)
    expect(stderr).toContain(message)
    expect(stderr).not.toContain('secret')
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  })

  test('and looking at it makes nothing that is not there', async () => {
    const file = path.join(folder(), 'store.sqlite')
    const { code, stdout } = await dirStorage('doctor', '--store', `sqlite:${file}`, '--json')
    const { findings } = JSON.parse(stdout) as { findings: readonly object[] }
    expect(findings).toEqual([expect.objectContaining({ level: 'problem', subject: 'schema' })])
    expect(code).toBe(1)
    expect(existsSync(file)).toBe(false)
  })
})

test('what no user should see in a URL is not shown', async () => {
  const url = 'redis://me:secret@127.0.0.1:1/0#desk'
  const { code, stdout, stderr } = await dirStorage('doctor', '--store', url, '--json')
  const { store, ok } = JSON.parse(stdout) as { store: string; ok: boolean }
  expect([store, ok]).toEqual(['redis://127.0.0.1:1/0#desk', false])
  expect(stdout + stderr).not.toContain('secret')
  expect(code).toBe(1)
  for (const odd of [
    'postgres://me:secret#secret@h/db',
    'postgres://me:secret?secret@h/db',
    'mysql://secret@h',
  ]) {
    const ended = await dirStorage('doctor', '--store', odd, '--debug')
    expect(ended.stdout + ended.stderr).not.toContain('secret')
  }
  // taken for a host and its port, it would be shown
  const early = await dirStorage('doctor', '--store', 'redis://me:123#4@127.0.0.1:1')
  expect(early.stderr).toContain('namespace must be')
  expect([early.code, early.stdout]).toEqual([2, ''])
})

test('the command itself ends with the exit code, and help with none', async () => {
  const here = folder()
  const codeOf = async (...args: string[]) => (await ended(start(args, here))).code
  expect(await codeOf('doctor', '--store', 'sqlite:none.sqlite')).toBe(1)
  expect(await codeOf('doctor')).toBe(2)
  const help = await ended(start(['--help'], here))
  expect([help.code, help.stderr]).toEqual([0, ''])
  expect(help.stdout).toContain('Exit codes:')
})
