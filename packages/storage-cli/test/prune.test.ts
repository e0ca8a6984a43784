import path from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { sqliteStorage } from '@dir/storage-sqlite'
import { beforeEach, expect, test } from 'vitest'
import { run } from '../src/run.ts'
import { dirStorage, folder } from './command.ts'

let file: string
let args: readonly string[]

beforeEach(async () => {
  file = path.join(folder(), 'store.sqlite')
  args = ['prune', '--terminal', 'DONE, REFUSED', '--older-than', '0s', '--store', `sqlite:${file}`]
  await using storage = sqliteStorage(file)
  for (const [dfid, status] of [
    ['paid', 'DONE'],
    ['refused', 'REFUSED'],
    ['held', 'DONE'],
    ['open', 'NEW'],
  ] as const)
    await storage.lifecycle.transition(dfid, null, status)
  await storage.resourceLock.acquire('held', { cash: 1 }, 0)
})

async function flows(): Promise<string[]> {
  await using storage = sqliteStorage(file)
  return (await Array.fromAsync(storage.lifecycle.listFlows())).map(({ dfid }) => dfid)
}

test('a dry run tells what would go and what stays, and removes nothing', async () => {
  const { code, stdout } = await dirStorage(...args, '--dry-run')
  expect(stdout).toMatch(
    /^flows that would go, over before .*: 2 \(records: lifecycle 2\)\nold ones that stay.*: resourceLock 1\n$/,
  )
  const json = await dirStorage(...args, '--dry-run', '--json')
  expect(JSON.parse(json.stdout)).toEqual({
    dryRun: true,
    flows: 2,
    removed: { lifecycle: 2 },
    kept: { resourceLock: 1 },
  })
  expect([code, json.code]).toEqual([0, 0])
  expect(await flows()).toEqual(['paid', 'refused', 'held', 'open'])
})

test('where nobody can be asked, --yes must be given', async () => {
  const asked = await dirStorage(...args)
  const stderr = 'dir-storage: Nobody can be asked here: look by --dry-run first, then say --yes.\n'
  expect(asked).toEqual({ code: 2, stdout: '', stderr })
  expect(await flows()).toEqual(['paid', 'refused', 'held', 'open'])
  const told = await dirStorage(...args, '--yes')
  expect(told.stdout).toContain('flows that are gone, over before')
  expect(await flows()).toEqual(['held', 'open'])
})

test.each([
  ['y', ['held', 'open']],
  ['', ['paid', 'refused', 'held', 'open']],
])('on a terminal it tells what would go, and asks: %j', async (answer, left) => {
  const stdin = Object.assign(new PassThrough(), { isTTY: true })
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  stdout.resume()
  const said = text(stderr)
  const { signal } = new AbortController()
  stdin.write(`${answer}\n`)
  expect(await run(args, { stdin, stdout, stderr, env: {}, signal })).toBe(0)
  stderr.end()
  expect(await said).toMatch(/^flows that would go, [^]*Remove them\? \[y\/N\] /)
  expect(await flows()).toEqual(left)
})

test.each([
  ['no status', ['prune', '--older-than', '1d'], '--terminal'],
  ['no age', ['prune', '--terminal', 'DONE'], '--older-than'],
  ['an empty status', ['prune', '--older-than', '1d', '--terminal', 'DONE,'], 'It is a list such as'],
])('with %s it is refused', async (_, given, message) => {
  const { code, stderr } = await dirStorage(...given, '--store', `sqlite:${file}`)
  expect(stderr).toContain(message)
  expect(code).toBe(2)
})
