import { execFileSync } from 'node:child_process'
import { afterEach, expect, inject, test, vi } from 'vitest'
import { SERVER_NAMES } from '../index.ts'
import { withServer } from '../live.ts'
import { provide, VARIABLES } from '../provide.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

test('a URL in the environment wins, and its server is not ours to stop', async () => {
  const url = 'redis://example.invalid:6379'
  vi.stubEnv('STORAGE_REDIS_URL', url)
  const server = await provide('redis')
  await server.stop()
  expect(server.url).toBe(url)
})

for (const name of SERVER_NAMES)
  withServer(name, (url) => {
    test('child processes of tests find it in their environment', () => {
      const script = `process.stdout.write(String(process.env[${JSON.stringify(VARIABLES[name])}]))`
      const seen = execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' })
      expect([seen, inject('servers')[name].url]).toEqual([url, url])
    })
  })
