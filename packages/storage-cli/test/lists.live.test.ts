import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { SERVER_NAMES } from '../../../scripts/servers/index.ts'
import { withServer } from '../../../scripts/servers/live.ts'
import { freshNamespace } from '../../../test/load/store.ts'
import { dirStorage, folder } from './command.ts'
import { fillWell } from './filled.ts'
import { backendOf, openOn } from './servers.ts'

// what a claim says of its lease is not copied
const LINES = [
  ['flows'],
  ['flows', '--status', 'NEW', '--limit', '3'],
  ['flow', 'b'],
  ['holds'],
  ['requests'],
  ['dirty'],
  ['agents'],
  ['tail', '--flow', 'flow 1'],
]

for (const name of SERVER_NAMES)
  withServer(name, (url) => {
    test('every list tells of a store what it tells of its copy in a file', async () => {
      const namespace = freshNamespace()
      onTestFinished(() => backendOf(name).then((backend) => backend.destroy(namespace)))
      await using storage = await openOn(name, namespace)
      await fillWell(storage)
      const file = `sqlite:${path.join(folder(), 'copy.sqlite')}`
      const place = ['--store', `${url}#${namespace}`, '--timeout', '30s']
      expect((await dirStorage('copy', `${url}#${namespace}`, file)).code).toBe(0)
      for (const line of LINES) {
        const told = await dirStorage(...line, ...place)
        expect(told.stdout.split('\n').length).toBeGreaterThan(2)
        expect(told).toEqual(await dirStorage(...line, '--store', file))
      }
      const claims = await dirStorage('claims', ...place)
      expect(claims.stdout).toContain('inFlight')
    })
  })
