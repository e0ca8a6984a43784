import { MongoClient } from 'mongodb'
import { expect, test } from 'vitest'
import { withServer } from '../../../scripts/servers/live.ts'
import { dropNamespace, mongoStorage } from '../src/index.ts'
import { prepare } from './prepare.ts'

const namespace = 'large_import'
const LEFT = 100_000

withServer('mongo', (url) => {
  test(
    'an import that was interrupted after many records can be run again',
    { timeout: 120_000 },
    async () => {
      await dropNamespace({ url, namespace })
      await prepare(url, namespace)
      const client = new MongoClient(url)
      const db = client.db('dir_storage')
      const agents = db.collection<{ _id: string; status: string }>(`${namespace}.agent_registry`)
      for (let first = 0; first < LEFT; first += 10_000)
        await agents.insertMany(
          Array.from({ length: 10_000 }, (_, n) => ({ _id: `a${first + n}`, status: 'ACTIVE' })),
        )
      const meta = db.collection<{ _id: string; value: number }>(`${namespace}.meta`)
      await meta.insertOne({ _id: 'importing', value: 1 })
      const storage = mongoStorage({ url, namespace, operationTimeoutMs: 2_000 })
      const counters = { type: 'counters', seq: 7, fence: 7, records: 0 } as const
      await storage.importRecords([counters])
      expect(await agents.countDocuments()).toBe(0)
      expect(await storage.decisionAudit.record('f', 'e')).toBe(8)
      await storage.close()
      await dropNamespace({ url, namespace })
      await client.close()
    },
  )
})
