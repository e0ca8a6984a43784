import { existsSync, readdirSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { mongoBinaries } from '../binaries/mongo.ts'
import { redisBinaries } from '../binaries/redis.ts'
import { fetched } from '../binaries/fetched.ts'

let cache = ''

beforeEach(async () => {
  cache = await mkdtemp(path.join(tmpdir(), 'dir-storage-cache-'))
  vi.stubEnv('XDG_CACHE_HOME', cache)
  vi.spyOn(console, 'error').mockImplementation(() => {})
})

afterEach(async () => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  await rm(cache, { recursive: true })
})

const kept = (): string[] => readdirSync(path.join(cache, 'dir-storage'))

test('several that fetch the same at once all get one whole folder', async () => {
  const make = async (draft: string): Promise<void> => {
    await writeFile(path.join(draft, 'one'), '1')
    await sleep(20)
    await writeFile(path.join(draft, 'two'), '2')
  }
  const folders = await Promise.all(Array.from({ length: 5 }, () => fetched('thing', make)))
  const [folder = ''] = folders
  const content = await Promise.all(['one', 'two'].map((file) => readFile(path.join(folder, file), 'utf8')))
  expect([new Set(folders).size, content, kept()]).toEqual([1, ['1', '2'], ['thing']])
})

test('a fetch that fails leaves nothing, and the next one begins anew', async () => {
  const fail = async (draft: string): Promise<void> => {
    await writeFile(path.join(draft, 'half'), '')
    throw new Error('the line is cut')
  }
  await expect(fetched('thing', fail)).rejects.toThrow('the line is cut')
  expect(kept()).toEqual([])
  const folder = await fetched('thing', (draft) => writeFile(path.join(draft, 'whole'), ''))
  expect([existsSync(path.join(folder, 'whole')), kept()]).toEqual([true, ['thing']])
})

test('says what to install when there is no server and none can be fetched', async () => {
  vi.stubEnv('PATH', cache)
  await expect(redisBinaries()).rejects.toThrow(
    /^Redis is not on this machine \(nor could it be fetched: .*\): install redis-server, or set STORAGE_REDIS_URL$/,
  )
  await expect(mongoBinaries()).rejects.toThrow(
    /^MongoDB is not on this machine \(nor could it be fetched: .*\): install mongod, or set STORAGE_MONGO_URL$/,
  )
})
