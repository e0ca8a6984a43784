import { setTimeout as sleep } from 'node:timers/promises'
import type { JoinedStorage } from '@dir/storage-core'
import { expect, test } from 'vitest'
import { withServer } from '../../../scripts/servers/live.ts'
import { refusalOf, withNamespace } from './joined-namespace.ts'

const CONFLICT = ['STORAGE_CONFLICT', 'not-applied', false, null]

async function now() {
  await sleep(2) // `before` is exclusive
  return { before: new Date().toISOString(), terminal: ['DONE'] }
}

const setWhereDone = (storage: JoinedStorage): Promise<unknown> =>
  storage.atomically((batch) => {
    batch.expectStatus('flow', 'DONE')
    batch.context.setSession('flow', '{}')
  })

withServer('mongo', (url) => {
  test.each([
    ['nobody has appended since', []],
    ['another flow has moved since', ['other']],
    ['it is there again, elsewhere', ['flow']],
  ])(
    'a joined transaction does not write by the status of a flow that was pruned meanwhile (%s)',
    async (_, moved) => {
      await withNamespace(url, async (storage, { client }) => {
        await storage.lifecycle.recordTransition('flow', null, 'DONE')
        await client.withSession(async (session) => {
          session.startTransaction()
          const joined = storage.within(session)
          expect(await joined.lifecycle.getCurrentStatus('flow')).toBe('DONE')
          expect((await storage.prune(await now())).flows).toBe(1)
          for (const dfid of moved) await storage.lifecycle.recordTransition(dfid, null, 'OPEN')
          expect(await refusalOf(() => setWhereDone(joined))).toEqual(CONFLICT)
        })
        expect(await storage.context.getSession('flow')).toBe(null)
      })
    },
  )

  test('a flow is not pruned as long as a joined transaction writes by its status', async () => {
    await withNamespace(url, async (storage, { client }) => {
      await storage.lifecycle.recordTransition('flow', null, 'DONE')
      const old = await now()
      await client.withSession(async (session) => {
        session.startTransaction()
        await setWhereDone(storage.within(session))
        const pruned = storage.prune(old)
        await sleep(300)
        await session.commitTransaction()
        expect((await pruned).removed).toEqual({ context: 1, lifecycle: 1 })
      })
      expect(await storage.context.getSession('flow')).toBe(null)
    })
  })

  test('a joined transaction knows the status that it has written itself', async () => {
    await withNamespace(url, async (storage, { client }) => {
      await storage.lifecycle.recordTransition('other', null, 'OPEN')
      await client.withSession(async (session) => {
        session.startTransaction()
        const joined = storage.within(session)
        await joined.lifecycle.recordTransition('flow', null, 'OPEN')
        expect(await joined.lifecycle.transition('flow', 'OPEN', 'DONE')).toBe(true)
        await session.commitTransaction()
      })
      expect(await storage.lifecycle.getCurrentStatus('flow')).toBe('DONE')
    })
  })
})
