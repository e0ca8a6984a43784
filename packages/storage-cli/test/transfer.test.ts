import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { dropNamespace } from '@dir/storage-memory'
import { sqliteStorage } from '@dir/storage-sqlite'
import { beforeEach, describe, expect, test } from 'vitest'
import { dirStorage, ended, folder, start } from './command.ts'
import { filledFile } from './filled.ts'

const RING = path.join(import.meta.dirname, 'stores', 'ring.ts')

let from: string
let here: string

beforeEach(async () => {
  from = `sqlite:${await filledFile()}`
  here = folder()
  await dropNamespace({ namespace: 'cli_ring' })
})

const inHere = (name: string): string => path.join(here, name)

async function exported(store: string): Promise<string> {
  const { code, stdout } = await dirStorage('export', '-', '--store', store)
  expect(code).toBe(0)
  return stdout
}

describe('the canonical form', () => {
  test('is the same bytes after a copy to another backend, and after an import', async () => {
    const lines = await exported(from)
    expect((await dirStorage('copy', from, RING)).code).toBe(0)
    expect(await exported(RING)).toBe(lines)
    expect((await dirStorage('export', inHere('a.jsonl'), '--store', from)).code).toBe(0)
    expect(readFileSync(inHere('a.jsonl'), 'utf8')).toBe(lines)
    const to = `sqlite:${inHere('b.sqlite')}`
    expect((await dirStorage('import', inHere('a.jsonl'), '--store', to)).stdout).toMatch(/: \d+ records\n$/)
    expect(await exported(to)).toBe(lines)
    const piped = start(['import', '-', '--store', 'sqlite:c.sqlite'], here)
    piped.stdin.end(lines)
    const { code, stderr } = await ended(piped)
    expect([code, stderr]).toEqual([0, ''])
    expect(await exported(`sqlite:${inHere('c.sqlite')}`)).toBe(lines)
  })

  test('has each type by its keys, and what was inserted in that order', async () => {
    const records = (await exported(from))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, string>)
    const of = (type: string, field: string) =>
      records.filter((record) => record['type'] === type).map((record) => record[field])
    const keys = of('idempotency', 'key')
    expect(keys).toEqual(keys.toSorted((a, b) => Buffer.compare(Buffer.from(a ?? ''), Buffer.from(b ?? ''))))
    expect(of('dirtyFlow', 'dfid')).toEqual(['a', 'b', 'c'])
    expect(of('request', 'dfid')).toEqual(['a', 'b', 'c'])
    expect(of('transition', 'dfid').slice(0, 4)).toEqual(['b', 'a', 'b', 'zebra'])
    const { type, records: count } = records.at(-1) ?? {}
    expect([type, count]).toEqual(['counters', records.length - 1])
  })

  test('is written to a file of that name only once it is whole, readable by its owner alone', async () => {
    writeFileSync(inHere('there.jsonl'), 'mine')
    const refused = await dirStorage('export', inHere('there.jsonl'), '--store', from)
    expect([refused.code, refused.stdout]).toEqual([2, ''])
    expect(readFileSync(inHere('there.jsonl'), 'utf8')).toBe('mine')
    const none = await dirStorage('export', inHere('new.jsonl'), '--store', 'sqlite:none.sqlite')
    expect(none.code).toBe(3)
    expect([existsSync(inHere('new.jsonl')), existsSync(inHere('new.jsonl.partial'))]).toEqual([false, false])
    await dirStorage('export', inHere('there.jsonl'), '--store', from, '--force')
    expect(readFileSync(inHere('there.jsonl'), 'utf8')).toBe(await exported(from))
    // Windows has no such rights
    const others = process.platform === 'win32' ? 0 : statSync(inHere('there.jsonl')).mode & 0o077
    expect(others).toBe(0)
  })
})

describe('verify', () => {
  test('says that a copy is the same, with one digest', async () => {
    const to = `sqlite:${inHere('b.sqlite')}`
    await dirStorage('copy', from, to)
    await dirStorage('export', inHere('a.jsonl'), '--store', from)
    for (const other of [to, inHere('a.jsonl')]) {
      const { code, stdout } = await dirStorage('verify', from, other, '--json')
      const { same, stores } = JSON.parse(stdout) as { same: boolean; stores: { sha256: string }[] }
      expect(stores[0]?.sha256).toBe(stores[1]?.sha256)
      expect([code, same]).toEqual([0, true])
    }
  })

  test('shows the first differences: what one alone has, and fields that differ', async () => {
    const to = `sqlite:${inHere('b.sqlite')}`
    await dirStorage('copy', from, to)
    {
      await using storage = sqliteStorage(inHere('b.sqlite'))
      await storage.agentRegistry.updateStatus('z', 'ACTIVE', null)
      await storage.context.setSession('new', '1')
      await storage.resourceLock.release('z')
      await storage.decisionAudit.record('f', 'LATER')
    }
    const { code, stdout } = await dirStorage('verify', from, to)
    expect(stdout).toContain('\n6 differences:\n')
    expect(stdout).toContain(
      'differs: agent z: status "SUSPENDED" and "ACTIVE", suspensionReason "" and null',
    )
    expect(stdout).toContain('only in the second: session {"id":"new"')
    expect(stdout).toContain('only in the second: event {"seq":')
    expect(stdout).toMatch(
      /only in the first: hold \{"dfid":"z","resourceId":"a".*\nonly in the first: hold /,
    )
    expect(stdout).toContain('differs: counters')
    expect(code).toBe(1)
    const short = await dirStorage('verify', from, to, '--limit', '1', '--json')
    const { total, differences } = JSON.parse(short.stdout) as { total: number; differences: unknown[] }
    expect([total, differences.length]).toEqual([6, 1])
  })
})

describe('what is refused', () => {
  test('a target that has anything else', async () => {
    {
      await using storage = sqliteStorage(inHere('b.sqlite'))
      await storage.context.setSession('mine', '1')
    }
    const { code, stderr } = await dirStorage('copy', from, `sqlite:${inHere('b.sqlite')}`)
    expect(stderr).toContain('This store is not empty')
    expect(code).toBe(3)
  })

  test.each([
    ['no JSON', '{"type":\n', 'Line 1 of'],
    ['no record', '{"type":"agnet"}\n', 'Line 1 of'],
    ['a part of an export', null, 'not one whole export'],
  ])('a file with %s', async (_, text, message) => {
    const lines = await exported(from)
    writeFileSync(inHere('a.jsonl'), text ?? lines.slice(0, lines.lastIndexOf('{')))
    const { stderr } = await dirStorage(
      'import',
      inHere('a.jsonl'),
      '--store',
      `sqlite:${inHere('b.sqlite')}`,
    )
    expect(stderr).toContain(message)
  })
})

test('a file whose types are out of order is compared with nothing', async () => {
  const lines = (await exported(from)).split('\n')
  writeFileSync(
    inHere('a.jsonl'),
    [...lines.slice(3), ...lines.slice(0, 3)].filter((line) => line !== '').join('\n'),
  )
  const { code, stderr } = await dirStorage('verify', from, inHere('a.jsonl'))
  expect(stderr).toContain('A record of the type agent comes too late')
  expect(code).toBe(3)
})

test('an export that is interrupted leaves nothing behind', async () => {
  const child = start(
    ['export', 'a.jsonl', '--store', path.join(import.meta.dirname, 'stores', 'endless.ts')],
    here,
  )
  const end = ended(child)
  while (!existsSync(inHere('a.jsonl.partial'))) await new Promise((resolve) => setImmediate(resolve))
  child.kill('SIGINT')
  expect(await end).toEqual({ code: 130, stdout: '', stderr: '' })
  expect(readdirSync(here)).toEqual([])
})

test('a copy that is killed leaves a store that says so, and is the same once it was run again', async () => {
  const many = path.join(folder(), 'many.sqlite')
  {
    await using storage = sqliteStorage(many)
    for (let flow = 0; flow < 40; flow++)
      await storage.decisionAudit.recordMany(
        Array.from({ length: 500 }, (_, n) => ({ dfid: `flow ${flow}`, event: `E${n}` })),
      )
  }
  const [source, target] = [`sqlite:${many}`, `sqlite:${inHere('b.sqlite')}`]
  for (const least of [0, 300_000, 1_200_000]) {
    const child = start(['copy', source, target], here)
    const end = ended(child)
    // as soon as so much of it is in the file
    while (
      child.exitCode === null &&
      !(sizeOf(inHere('b.sqlite')) > least && (await isBegun(inHere('b.sqlite'))))
    )
      await new Promise((resolve) => setImmediate(resolve))
    child.kill('SIGKILL')
    expect((await end).code).toBe(null)
    const doctor = await dirStorage('doctor', '--store', target, '--json')
    const { ok, findings } = JSON.parse(doctor.stdout) as { ok: boolean; findings: { subject: string }[] }
    expect([ok, findings.map(({ subject }) => subject)]).toEqual([false, ['import']])
  }
  expect((await dirStorage('copy', source, target)).code).toBe(0)
  expect((await dirStorage('verify', source, target)).code).toBe(0)
})

/** Of a file with its log. */
function sizeOf(file: string): number {
  return [file, `${file}-wal`].reduce((sum, one) => sum + (existsSync(one) ? statSync(one).size : 0), 0)
}

/** Whether the import into a file has begun. */
async function isBegun(file: string): Promise<boolean> {
  if (!existsSync(file)) return false
  await using storage = sqliteStorage({ path: file, init: false })
  return storage.init().then(
    () => false,
    (error: { readonly code?: string }) => error.code === 'STORAGE_CONFLICT',
  )
}
