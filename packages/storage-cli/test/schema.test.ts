import { existsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { sqliteSchema } from '@dir/storage-sqlite'
import { expect, test } from 'vitest'
import { dirStorage, folder } from './command.ts'

const RIGHTS: readonly (readonly [url: string, statements: string, rights: string])[] = [
  [
    'sqlite:x.sqlite',
    'CREATE TABLE IF NOT EXISTS agent_registry',
    'the process must be able to write the file',
  ],
  ['postgres://h/shop#desk', 'CREATE SCHEMA IF NOT EXISTS "desk"', 'GRANT USAGE ON SCHEMA "desk" TO "app";'],
  ['redis://h#desk', 'nothing to run', 'ACL SETUSER app on >PASSWORD ~{desk}:* +eval +evalsha'],
  [
    'mongodb://u:secret@h/shop?tls=true#desk',
    'createIndex({"status":1,"_id":1}',
    '[{"role":"readWrite","db":"shop"}]',
  ],
]

test.each(RIGHTS)(
  'of %s the statements and rights are printed, with no connection',
  async (url, ...parts) => {
    const { code, stdout, stderr } = await dirStorage('schema', '--print', '--role', 'app', '--store', url)
    for (const part of parts) expect(stdout).toContain(part)
    expect(stdout).not.toContain('secret')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  },
)

test('what is printed for a version is what leads from there', async () => {
  const { stdout } = await dirStorage(
    'schema',
    '--print',
    '--from',
    '4',
    '--json',
    '--store',
    'sqlite:x.sqlite',
  )
  const { statements } = JSON.parse(stdout) as { statements: string }
  expect(statements).toBe(`BEGIN;\n${sqliteSchema(4)}COMMIT;\n`)
})

test('a store that is not there is made by --migrate alone', async () => {
  const file = path.join(folder(), 'store.sqlite')
  const look = await dirStorage('schema', '--store', `sqlite:${file}`)
  expect([look.code, existsSync(file)]).toEqual([3, false])
  for (const option of [['--migrate'], []]) {
    const { code, stdout } = await dirStorage('schema', ...option, '--store', `sqlite:${file}`)
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'version 5, the current one\n' })
  }
})

test('another program’s file is refused, and left as it is', async () => {
  const file = path.join(folder(), 'store.sqlite')
  writeFileSync(file, 'a letter to my grandmother')
  const { code, stderr } = await dirStorage('schema', '--migrate', '--store', `sqlite:${file}`)
  expect(code).toBe(3)
  expect(stderr).toMatch(/^dir-storage: .*\[STORAGE_CORRUPT sqlite.init\]\n$/)
})
