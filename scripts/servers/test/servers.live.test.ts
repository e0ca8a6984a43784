import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { afterEach, expect, test } from 'vitest'
import { type Server, SERVER_NAMES, start } from '../index.ts'
import { withOwnServer } from '../live.ts'
import { answers, probes } from './probes.ts'
import { traces } from './traces.ts'

for (const name of SERVER_NAMES)
  withOwnServer(name, () => {
    const probe = probes[name]
    const started: Server[] = []
    const begin = async (): Promise<Server> => {
      const server = await start(name)
      started.push(server)
      return server
    }
    afterEach(async () => {
      await Promise.all(started.splice(0).map((server) => server.stop()))
    })

    test('answers, and keeps its data when it is killed and restarted', async () => {
      const server = await begin()
      await probe.write(server.url, 'first')
      const before = server.pid
      await server.kill9()
      expect(await answers(probe, server)).toBe(false)
      await server.restart()
      expect([await probe.read(server.url), server.pid === before]).toEqual(['first', false])
      await server.restart()
      expect(await probe.read(server.url)).toBe('first')
    })

    test('answers nothing while it is paused', async () => {
      const server = await begin()
      await probe.write(server.url, 'paused')
      server.pause()
      expect(await answers(probe, server)).toBe(false)
      server.resume()
      expect(await probe.read(server.url)).toBe('paused')
    })

    test('leaves nothing behind when it is stopped, paused or killed before', async () => {
      const servers = await Promise.all([begin(), begin(), begin()])
      servers[1]?.pause()
      await servers[2]?.kill9()
      await Promise.all(servers.map((server) => server.stop()))
      expect(servers.flatMap(traces)).toEqual([])
    })
  })

withOwnServer('redis', () => {
  test('says why it does not start, and removes its folder', async () => {
    const folders = (): string[] =>
      readdirSync(tmpdir()).filter((one) => one.startsWith('dir-storage-redis-'))
    const before = folders()
    await expect(start('redis', { settings: { maxmemory: 'a lot' } })).rejects.toThrow(
      /^Redis did not start: it ended with 1\n[^]*argument must be a memory value/,
    )
    expect(folders()).toEqual(before)
  })
})
