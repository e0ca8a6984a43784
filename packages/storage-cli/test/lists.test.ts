import { copyFileSync } from 'node:fs'
import path from 'node:path'
import type { StorageHandle } from '@dir/storage-core'
import { sqliteStorage } from '@dir/storage-sqlite'
import { beforeEach, describe, expect, test } from 'vitest'
import { fill } from '../../../conformance/src/scenarios/filled.ts'
import { dirStorage, ended, folder, jsonLines, start } from './command.ts'

let file: string
let store: string

async function withStorage<T>(act: (storage: StorageHandle) => Promise<T>): Promise<T> {
  await using storage = sqliteStorage(file)
  return await act(storage)
}

beforeEach(async () => {
  file = path.join(folder(), 'store.sqlite')
  store = `sqlite:${file}`
  await withStorage(fill)
})

/** What a list has, as its JSON has it. */
async function asJson(items: (storage: StorageHandle) => AsyncIterable<unknown>): Promise<unknown[]> {
  const all = await withStorage((storage) => Array.fromAsync(items(storage)))
  return all.map((item) => JSON.parse(JSON.stringify(item)) as unknown)
}

const LISTS: Readonly<Record<string, (storage: StorageHandle) => AsyncIterable<unknown>>> = {
  flows: ({ lifecycle }) => lifecycle.listFlows(),
  'flows --status S --limit 1': ({ lifecycle }) => first(lifecycle.listFlows({ status: 'S' })),
  'flows --older-than 1d': ({ lifecycle }) => lifecycle.listFlows({ olderThanSec: 86_400 }),
  holds: ({ resourceLock }) => resourceLock.listHolds(),
  'holds --flow z --resource b': ({ resourceLock }) => resourceLock.listHolds({ dfid: 'z', resourceId: 'b' }),
  claims: ({ idempotency }) => idempotency.listClaims(),
  'claims --state AMBIGUOUS': ({ idempotency }) => idempotency.listClaims({ state: 'ambiguous' }),
  requests: ({ escalation }) => escalation.listRequests(),
  'requests --status resolved --agent agent': ({ escalation }) =>
    escalation.listRequests({ status: 'RESOLVED', agentId: 'agent' }),
  dirty: ({ saga }) => saga.listDirtyFlows(),
  'tail --lines 2': ({ decisionAudit }) => decisionAudit.events({ afterSeq: 3 }),
  'tail --event E1': ({ decisionAudit }) => decisionAudit.events({ event: 'E1' }),
  'tail --flow': ({ decisionAudit }) => decisionAudit.events({ dfid: 'flow 1' }),
}

async function* first<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
  for await (const item of items) {
    yield item
    return
  }
}

test.each(Object.keys(LISTS))('%s lists what the store lists, as text and as JSON', async (line) => {
  const args = [...line.split(' '), ...(line.endsWith('--flow') ? ['flow 1'] : []), '--store', store]
  const listed = await asJson(LISTS[line] as (storage: StorageHandle) => AsyncIterable<unknown>)
  const json = await dirStorage(...args, '--json')
  expect(jsonLines(json.stdout)).toEqual(listed)
  const text = await dirStorage(...args)
  expect(text.stdout.split('\n').length - 1).toBe(listed.length === 0 ? 0 : listed.length + 1)
  expect([json.code, text.code]).toEqual([0, 0])
})

test('agents shows no session token', async () => {
  const { stdout } = await dirStorage('agents', '--store', store, '--json')
  expect(jsonLines(stdout).map(({ agentId }) => agentId)).toEqual(['__proto__', 'z'])
  expect(stdout).not.toContain('sessionToken')
})

describe('flow', () => {
  test('tells all that there is, in the order of time', async () => {
    await withStorage(async ({ lifecycle, decisionAudit, resourceLock, idempotency, ...others }) => {
      await lifecycle.transition('trade', null, 'NEW')
      await decisionAudit.record('trade', 'ASKED', { agentId: 'trader', details: { cash: 5 } })
      await resourceLock.acquire('trade', { cash: 5 }, 0)
      await idempotency.claim('trade:order', { leaseSec: 60, dfid: 'trade' })
      const asked = { agentId: 'trader', reason: 'large', impact: 'high' }
      await others.escalation.insertRequest({ dfid: 'trade', ...asked, contextJson: '{}', proposalJson: '1' })
      await others.escalation.resolveRequest('trade', new Date().toISOString(), 'APPROVED', null, {
        resolvedBy: 'head',
      })
      await others.intentRetry.setCount('trade', 2)
      await others.saga.markDirty('trade', 'pay', '{"paid": 1}')
      await others.context.setSession('trade', '{"mood": "good"}')
      await lifecycle.transition('trade', 'NEW', 'DONE')
    })
    const json = await dirStorage('flow', 'trade', '--store', store, '--json')
    const { story, ...rest } = JSON.parse(json.stdout) as { story: { at: string; kind: string }[] }
    expect(rest).toEqual({ dfid: 'trade', status: 'DONE', rejections: 2, session: '{"mood": "good"}' })
    expect(story.map(({ kind }) => kind).sort()).toEqual(
      ['claim', 'decision', 'event', 'hold', 'mark', 'request', 'transition', 'transition'].sort(),
    )
    const times = story.map(({ at }) => at)
    expect(times).toEqual(times.toSorted())
    const text = await dirStorage('flow', 'trade', '--store', store)
    for (const part of [
      'NEW → DONE',
      'ASKED, by trader',
      'holds 5 of cash',
      'APPROVED by head',
      'rejections of its intent: 2',
    ])
      expect(text.stdout).toContain(part)
    expect([json.code, text.code]).toEqual([0, 0])
  })

  test('of which nothing is known: exit code 1', async () => {
    const { code, stdout, stderr } = await dirStorage('flow', 'none', '--store', store)
    expect({ code, stdout, stderr }).toEqual({
      code: 1,
      stdout: '',
      stderr: 'Nothing is known of the flow none.\n',
    })
  })
})

test('what agents wrote does nothing to a terminal', async () => {
  await withStorage(({ lifecycle }) => lifecycle.recordTransition('a\u001B[2Jb\nc\u202E', null, 'NEW'))
  const { stdout } = await dirStorage('flows', '--store', store)
  expect(stdout).toContain(String.raw`a\u{1b}[2Jb\u{a}c\u{202e}  NEW`)
})

test('what cannot be read is counted, and told in JSON', async () => {
  const python = path.join(import.meta.dirname, '../../storage-sqlite/test/fixtures/python-edge.sqlite')
  const copied = path.join(folder(), 'python.sqlite')
  copyFileSync(python, copied)
  const told = await Promise.all(
    ['requests', 'dirty', 'agents', 'flows'].map(async (list) => {
      const text = await dirStorage(list, '--store', `sqlite:${copied}`)
      const json = await dirStorage(list, '--store', `sqlite:${copied}`, '--json')
      const errors = jsonLines(json.stdout).filter(({ error }) => error !== undefined).length
      expect(text.stderr).toContain(
        errors === 0 ? '' : `of ${errors}, something that is stored cannot be read`,
      )
      return errors
    }),
  )
  expect(Math.max(...told)).toBeGreaterThan(0)
})

test('looking changes not a byte of what is exported, and a store of an older schema is left as it is', async () => {
  const before = await asJson((storage) => storage.exportRecords())
  for (const line of Object.keys(LISTS))
    await dirStorage(...line.split(' '), ...(line.endsWith('--flow') ? ['x'] : []), '--store', store)
  expect(await asJson((storage) => storage.exportRecords())).toEqual(before)
  const { code, stderr } = await dirStorage('flows', '--store', `sqlite:${file}.none`)
  expect(stderr).toContain('`dir-storage schema --migrate` brings')
  expect(stderr).toContain('[STORAGE_SCHEMA sqlite')
  expect(code).toBe(3)
})

describe('the command that is started', () => {
  test('follows the log until it is interrupted', async () => {
    const child = start(['tail', '--follow', '--lines', '1', '--store', store, '--json'], folder())
    const end = ended(child)
    const seen: string[] = []
    const told = new Promise<void>((resolve) => {
      child.stdout.on('data', (chunk: Buffer) => {
        seen.push(String(chunk))
        if (seen.join('').includes('LATER')) resolve()
        else if (seen.length === 1)
          void withStorage(({ decisionAudit }) => decisionAudit.record('flow 9', 'LATER'))
      })
    })
    await told
    child.kill('SIGINT')
    const { code, stderr } = await end
    expect({ code, stderr }).toEqual({ code: 130, stderr: '' })
    expect(jsonLines(seen.join('')).map(({ event }) => event)).toEqual(['E4', 'LATER'])
  })

  test('ends quietly when nobody reads on', async () => {
    await withStorage(({ decisionAudit }) =>
      decisionAudit.recordMany(Array.from({ length: 5_000 }, () => ({ dfid: 'f', event: 'E'.repeat(99) }))),
    )
    const child = start(['tail', '--lines', '5000', '--store', store], folder())
    child.stdout.once('data', () => child.stdout.destroy())
    const stderr: string[] = []
    child.stderr.on('data', (chunk: Buffer) => stderr.push(String(chunk)))
    expect(await new Promise((resolve) => child.once('close', resolve))).toBe(0)
    expect(stderr.join('')).toBe('')
  })
})
