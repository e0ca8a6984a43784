import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import { withServer } from '../../../scripts/servers/live.ts'
import { runExample } from '../../../test/readme-example.ts'
import { withDatabase } from './databases.ts'

const home = new URL('../', import.meta.url)

withServer('postgres', (server) => {
  test('README.md: an order and its event in one transaction', async () => {
    await withDatabase(server, '', async (url) => {
      const readme = new URL('README.md', home)
      const replaced = { 'postgres://user:password@localhost:5432/shop': url }
      const printed = await runExample({ readme, has: 'within(', home, cwd: tmpdir() }, replaced)
      expect(printed).toBe('1 ORDERED order-1\n')
    })
  })
})
