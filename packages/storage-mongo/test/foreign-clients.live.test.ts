import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { isStorageError } from '@dir/storage-core'
import type { MongoClient, MongoClientOptions } from 'mongodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { withServer } from '../../../scripts/servers/live.ts'
import { dropNamespace, mongoStorage } from '../src/index.ts'
import { walk } from './walk.ts'

/** Each major version, and the lowest and a late one of those that work. */
const VERSIONS = {
  oldest: '4.17.2',
  older: '5.9.2',
  tooOld: '6.12.0',
  lowest: '6.13.0',
  late: '6.20.0',
  other: '7.9.0',
}
type Version = keyof typeof VERSIONS

withServer('mongo', (url) => {
  let folder: string
  const clients: MongoClient[] = []
  const namespaces: string[] = []
  let ours: unknown

  beforeAll(async () => {
    ours = await walked('own', null)
    folder = await mkdtemp(path.join(tmpdir(), 'dir-storage-mongo-'))
    const dependencies = Object.entries(VERSIONS).map(([name, version]) => [name, `npm:mongodb@${version}`])
    const manifest = { private: true, dependencies: Object.fromEntries(dependencies) as object }
    await writeFile(path.join(folder, 'package.json'), JSON.stringify(manifest))
    const flags = ['--prefer-offline', '--no-audit', '--no-fund', '--omit=optional', '--ignore-scripts']
    await promisify(execFile)('npm', ['install', ...flags], {
      cwd: folder,
      shell: process.platform === 'win32',
    })
  }, 180_000)
  afterAll(async () => {
    for (const namespace of namespaces) await dropNamespace({ url, namespace })
    for (const client of clients) await client.close()
    await rm(folder, { recursive: true, force: true })
  })

  function clientOf(version: Version, options: MongoClientOptions = {}, query = ''): MongoClient {
    const driver = createRequire(path.join(folder, 'package.json'))(version) as {
      MongoClient: typeof MongoClient
    }
    const client = new driver.MongoClient(`${url}${url.includes('?') ? '&' : '?'}${query}`, options)
    clients.push(client)
    return client
  }

  async function walked(name: string, client: MongoClient | null): Promise<unknown> {
    const namespace = `foreign_${name}`
    namespaces.push(namespace)
    const storage = mongoStorage({
      ...(client === null ? { url } : { client }),
      namespace,
      operationTimeoutMs: 60_000,
    })
    try {
      return await walk(storage)
    } finally {
      await storage.close()
    }
  }

  test.each(['oldest', 'older', 'tooOld'] as const)(
    'a client of the %s driver is refused by name',
    (version) => {
      const client = clientOf(version)
      let error: unknown
      try {
        mongoStorage({ client })
      } catch (reason) {
        error = reason
      }
      if (!isStorageError(error)) throw error
      expect(error.message).toContain('mongodb package, 6.13 or newer')
      expect(error.message).toContain(VERSIONS[version].split('.').slice(0, 2).join('.'))
    },
  )

  test.each(['lowest', 'late', 'other'] as const)(
    'a client of the %s driver answers as our own does',
    async (version) => {
      expect(await walked(version, clientOf(version))).toEqual(ours)
    },
  )

  const odd: readonly [string, MongoClientOptions, string][] = [
    ['raw', { raw: true }, ''],
    ['buffers', { promoteBuffers: true }, ''],
    ['longs', { promoteLongs: false }, ''],
    ['values', { promoteValues: false }, ''],
    ['bigints', { useBigInt64: true }, ''],
    ['undefined', { ignoreUndefined: true }, ''],
    ['ids', { forceServerObjectId: true }, ''],
    ['level', {}, 'readConcernLevel=majority'],
    ['linear', {}, 'readConcernLevel=linearizable'],
    ['near', {}, 'readPreference=secondaryPreferred&maxStalenessSeconds=120'],
    ['loose', {}, 'w=1&journal=false&wtimeoutMS=1'],
    ['api', { serverApi: { version: '1', strict: false } }, ''],
  ]

  test.each(odd)('a client with odd options (%s) answers as our own does', async (name, options, query) => {
    expect(await walked(name, clientOf('late', options, query))).toEqual(ours)
  })

  test('a client that is strict about the API is refused, and told what to change', () => {
    const client = clientOf('late', { serverApi: { version: '1', strict: true } })
    expect(() => mongoStorage({ client })).toThrow(/strict: false/)
  })
})
