import { copyFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type StorageHandle, dumpsJsonDict, loadsJson } from '@dir/storage-core'
import { afterAll, expect, test } from 'vitest'
import { sqliteStorage } from '../src/index.ts'
import { testFolder } from './folder.ts'
import { type PythonCall, answerOf } from './python-getters.ts'

// python-written.sqlite is a file of the Python original; the JSON beside it says what its getters returned.
const fixture = (name: string) => new URL(`fixtures/${name}`, import.meta.url)
const { calls, tables } = JSON.parse(readFileSync(fixture('python-written.expected.json'), 'utf8')) as {
  readonly calls: readonly PythonCall[]
  readonly tables: { readonly saga_dirty_state: { readonly rows: readonly (readonly [string, string])[][] } }
}

const path = join(testFolder(), 'python.sqlite')
copyFileSync(fixture('python-written.sqlite'), path)
const storage: StorageHandle = sqliteStorage({ path, numbers: 'exact' })
const plain: StorageHandle = sqliteStorage(path)
afterAll(() => Promise.all([storage.close(), plain.close()]))

/** The flows in the order of their rows, which is that of their latest marks. */
const latestMarks = tables.saga_dirty_state.rows.map(([dfid]) => dfid?.[1])

/** `json` as we print it: NaN and the infinities are strings, numbers lose no digit. */
const printed = (json: string): string => dumpsJsonDict(loadsJson(json, { lossless: true }))

const marked = (mark: PythonCall['contract']): [string, PythonCall][] =>
  calls
    .filter((call) => call.contract === mark)
    .map((call) => [`${call.storage}.${call.method}(${JSON.stringify(call.args).slice(1, -1)})`, call])

test('each of the 402 calls has its mark', () => {
  const count = (mark: PythonCall['contract']) => marked(mark).length
  expect([count('exact'), count('order'), count('refused'), count('stored-data-error')]).toEqual([
    331, 2, 40, 29,
  ])
  expect(calls).toHaveLength(402)
})

test.each(marked('exact'))('%s is what Python read', async (_, call) => {
  // a plain number of ours is printed as Python prints an integer
  const expected = printed(call.result_json ?? '')
  const number = call.storage === 'resource_lock' ? expected.replace(/\.0$/, '') : expected
  expect(await answerOf(storage, call)).toBe(number)
})

test('with plain numbers, all of that is the same, but for what is a float', async () => {
  const differing: string[] = []
  for (const [name, call] of marked('exact')) {
    const answer = await answerOf(plain, call)
    expect([name, answer]).toEqual([name, dumpsJsonDict(loadsJson(call.result_json ?? ''))])
    if (answer !== (await answerOf(storage, call))) differing.push(name)
  }
  expect(differing).toHaveLength(11)
  const { contractJson } = (await plain.agentRegistry.getAgent('agent-02')) ?? {}
  expect(contractJson).toBe('{"integral_floats": [1.0, 100.0, -0.0, 1e+22, 1e+21, 1.2345678901234568e+17]}')
})

test.each(marked('order'))('%s has the same members, in our order', async (_, call) => {
  const members = JSON.parse(call.result_json ?? '') as string[]
  const answer = JSON.parse(await answerOf(storage, call)) as string[]
  const byBytes = (ids: string[]) => ids.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  // the agents by id; the flows by the order of their marks, which is not that of their ids
  const ordered = call.method === 'list_active_agents' ? byBytes(members) : latestMarks
  expect(answer).toEqual(ordered)
  expect(byBytes(answer)).toEqual(byBytes(members))
})

test.each(marked('refused'))('%s is refused', async (_, call) => {
  await expect(answerOf(storage, call)).rejects.toThrow(
    expect.objectContaining({ code: 'STORAGE_INVALID_ARGUMENT' }),
  )
})

test.each(marked('stored-data-error'))('%s cannot be held by a number', async (_, call) => {
  await expect(answerOf(storage, call)).rejects.toThrow(
    expect.objectContaining({ code: 'STORAGE_STORED_DATA' }),
  )
})
