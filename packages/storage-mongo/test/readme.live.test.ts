import { tmpdir } from 'node:os'
import { MongoClient } from 'mongodb'
import { expect, test } from 'vitest'
import { withServer } from '../../../scripts/servers/live.ts'
import { runExample } from '../../../test/readme-example.ts'

const home = new URL('../', import.meta.url)

withServer('mongo', (url) => {
  test('README.md: an order and its event in one transaction', async () => {
    const database = `readme_${process.pid}`
    const address = new URL(url)
    address.pathname = database
    const readme = new URL('README.md', home)
    const replaced = { 'mongodb://localhost:27017/shop?replicaSet=rs0': address.href }
    try {
      const printed = await runExample({ readme, has: 'within(', home, cwd: tmpdir() }, replaced)
      expect(printed).toBe('1 ORDERED order-1\n')
    } finally {
      const client = new MongoClient(url)
      await client.db(database).dropDatabase()
      await client.close()
    }
  })
})
