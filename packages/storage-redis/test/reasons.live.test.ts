import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { isStorageError } from '@dir/storage-core'
import { type Server, start } from '../../../scripts/servers/index.ts'
import { withOwnServer } from '../../../scripts/servers/live.ts'
import { redisStorage } from '../src/index.ts'

// Why a server cannot be used: each reason is named, with what to do about it.

withOwnServer('redis', () => {
  async function refusalBy(
    settings: Readonly<Record<string, string>>,
    urlOf: (server: Server) => string | Promise<string>,
  ): Promise<readonly [code: string, retryable: boolean, message: string]> {
    const server = await start('redis', { durable: false, settings })
    try {
      const storage = redisStorage({ url: await urlOf(server), operationTimeoutMs: 1_500 })
      const error: unknown = await storage.init().catch((reason: unknown) => reason)
      await storage.close()
      if (!isStorageError(error)) throw error
      expect(error.outcome).toBe('not-applied')
      return [error.code, error.retryable, error.message]
    } finally {
      await server.stop()
    }
  }

  /** A file of settings: renaming has two words, and on the command line they would be one. */
  function renaming(words: string): string {
    const folder = mkdtempSync(path.join(tmpdir(), 'dir-storage-redis-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const file = path.join(folder, 'renaming.conf')
    writeFileSync(file, `rename-command ${words}\n`)
    return file
  }

  test('scripts that are disabled', async () => {
    expect(await refusalBy({ include: renaming('EVALSHA ""') }, ({ url }) => url)).toEqual([
      'STORAGE_CONFIGURATION',
      false,
      'This Redis has no evalsha: it is disabled or renamed. Enable it; the README lists the commands that are needed.',
    ])
  })

  test('another command that is disabled', async () => {
    expect(await refusalBy({ include: renaming('XADD other') }, ({ url }) => url)).toEqual([
      'STORAGE_PERMISSION',
      false,
      'This Redis user may not run what is needed: xadd. Grant it these commands, or enable them.',
    ])
  })

  test('a password that is asked for', async () => {
    expect(await refusalBy({ requirepass: 'sesame' }, ({ url }) => url)).toEqual([
      'STORAGE_AUTH',
      false,
      'Redis asks for a password. Give it in the URL.',
    ])
  })

  test('no connection left', async () => {
    const holders: ReturnType<typeof connect>[] = []
    const refusal = await refusalBy({ maxclients: '1' }, async ({ url, port }) => {
      const holder = connect(port, '127.0.0.1')
      await once(holder, 'connect')
      holder.write('PING\r\n')
      await once(holder, 'data')
      holders.push(holder)
      return url
    })
    for (const holder of holders) holder.destroy()
    expect(refusal).toEqual([
      'STORAGE_UNAVAILABLE',
      true,
      'Redis takes no more connections: maxclients is reached. Raise it, or close connections elsewhere.',
    ])
  })

  test('TLS on a port that does not speak it', async () => {
    expect(await refusalBy({}, ({ url }) => url.replace('redis:', 'rediss:'))).toEqual([
      'STORAGE_UNAVAILABLE',
      true,
      'Redis does not answer to TLS. If its port does not speak it, write redis:// for rediss://; else check that it runs.',
    ])
  })

  const addresses = Object.values(networkInterfaces()).flatMap((all) => all ?? [])
  const outside = addresses.find(({ family, internal }) => family === 'IPv4' && !internal)

  test.skipIf(outside === undefined)('protected mode', async () => {
    const settings = { bind: '0.0.0.0', 'protected-mode': 'yes' }
    expect(await refusalBy(settings, ({ port }) => `redis://${outside?.address}:${port}`)).toEqual([
      'STORAGE_CONFIGURATION',
      false,
      'Redis runs in protected mode and takes no calls from other machines. Give it a password, or set protected-mode to no.',
    ])
  })
})
