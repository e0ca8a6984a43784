import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { withServer } from '../../../scripts/servers/live.ts'
import { withNamespace } from './joined-namespace.ts'

withServer('mongo', (url) => {
  test('expired holds of a flow go with it, and stay where that is only a dry run', async () => {
    await withNamespace(url, async (storage, { client }, namespace) => {
      const collection = (name: string) => client.db('dir_storage').collection(`${namespace}.${name}`)
      const stored = async (): Promise<unknown> => {
        const held = await collection('lock_versions').findOne({ '_id.kind': 'resource' })
        return {
          holds: await collection('resource_locks').countDocuments(),
          total: held?.['total'] as unknown,
        }
      }
      await storage.lifecycle.recordTransition('flow', null, 'DONE')
      await storage.resourceLock.acquireBatch('flow', { gpu: 2 }, 60, { capacities: { gpu: 4 } })
      await sleep(2) // `before` is exclusive
      const options = { before: new Date().toISOString(), terminal: ['DONE'] }
      const kept = { flows: 0, removed: {}, kept: { resourceLock: 1 } }
      expect(await storage.prune(options)).toEqual(kept)
      const expiresAt = '2026-01-02T03:04:05.000000Z'
      await collection('resource_locks').updateMany({}, { $set: { expiresAt } })
      const gone = { flows: 1, removed: { lifecycle: 1 }, kept: {} }
      expect(await storage.prune({ ...options, dryRun: true })).toEqual(gone)
      expect(await stored()).toEqual({ holds: 1, total: 2_000_000 })
      expect(await storage.prune(options)).toEqual(gone)
      expect(await stored()).toEqual({ holds: 0, total: 0 })
    })
  })
})
