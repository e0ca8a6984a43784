import { afterAll, beforeAll, expect, test } from 'vitest'
import type { JoinedStorage } from '@dir/storage-core'
import { type Server, start } from '../../../scripts/servers/index.ts'
import { withOwnServer } from '../../../scripts/servers/live.ts'
import { CONTENTION, begun, eventsOf, refusalOf, withNamespace } from './joined-namespace.ts'

const LIMIT = { capacities: { gpu: 100 } }

// of its own: another is stopped for a while by what is measured there, and transactions do not outlive that
withOwnServer('mongo', () => {
  let server: Server
  beforeAll(async () => {
    server = await start('mongo')
  })
  afterAll(() => server.stop())
  test('an older transaction appends after what others appended since', async () => {
    await withNamespace(server.url, async (storage, { client }) => {
      const session = await begun(client)
      const inside = storage.within(session)
      await storage.decisionAudit.recordMany([
        { dfid: 'flow', event: 'ONE' },
        { dfid: 'flow', event: 'TWO' },
      ])
      await storage.lifecycle.transition('other flow', null, 'OPEN')
      expect(await inside.decisionAudit.record('flow', 'THREE')).toBe(3)
      expect(await inside.decisionAudit.record('flow', 'FOUR')).toBe(4)
      expect(await inside.lifecycle.transition('flow', null, 'OPEN')).toBe(true)
      expect(await inside.lifecycle.transition('flow', 'OPEN', 'CLOSED')).toBe(true)
      expect(await eventsOf(inside)).toEqual([
        [3, 'THREE'],
        [4, 'FOUR'],
      ])
      await session.commitTransaction()
      await session.endSession()
      expect(await eventsOf(storage)).toEqual([
        [1, 'ONE'],
        [2, 'TWO'],
        [3, 'THREE'],
        [4, 'FOUR'],
      ])
      expect(
        (await storage.lifecycle.getTransitions()).map(({ dfid, toStatus }) => `${dfid} ${toStatus}`),
      ).toEqual(['other flow OPEN', 'flow OPEN', 'flow CLOSED'])
    })
  })

  test('a status that others have changed since an older transaction began is judged as it is', async () => {
    await withNamespace(server.url, async (storage, { client }) => {
      await storage.lifecycle.transition('known', null, 'OPEN')
      const session = await begun(client)
      const inside = storage.within(session)
      expect(await inside.lifecycle.transition('mine', null, 'MINE')).toBe(true)
      await session.abortTransaction()

      const later = await begun(client)
      const again = storage.within(later)
      await storage.lifecycle.transition('new', null, 'THEIRS')
      await storage.lifecycle.transition('known', 'OPEN', 'THEIRS')
      expect(await again.lifecycle.transition('mine', null, 'MINE')).toBe(true)
      expect(await again.lifecycle.transition('new', null, 'MINE')).toBe(false)
      expect(await again.lifecycle.transition('known', 'OPEN', 'MINE')).toBe(false)
      const batch = refusalOf(() => again.atomically((both) => both.expectStatus('known', 'OPEN')))
      expect(await batch).toEqual(['STORAGE_CONFLICT', 'not-applied', false, null])
      expect(await again.lifecycle.transition('mine', 'MINE', 'ENDED')).toBe(true)
      await later.commitTransaction()
      expect(
        (await storage.lifecycle.getTransitions()).map(({ dfid, toStatus }) => `${dfid} ${toStatus}`),
      ).toEqual(['known OPEN', 'new THEIRS', 'known THEIRS', 'mine MINE', 'mine ENDED'])
      await Promise.all([session.endSession(), later.endSession()])
    })
  })

  /** Each: what others do after the transaction began, and what is then refused in it. */
  const RACES: readonly [string, (storage: JoinedStorage, who: string) => Promise<unknown>][] = [
    ['a text', (storage, who) => storage.context.compareAndSetSession('flow', null, JSON.stringify(who))],
    ['room', (storage, who) => storage.resourceLock.acquireBatch(who, { gpu: 60 }, 0, LIMIT)],
    ['a count', (storage) => storage.intentRetry.increment('flow')],
    ['a key', (storage) => storage.idempotency.claim('key', { leaseSec: 600 })],
    ['a budget', (storage) => storage.escalation.tryConsumeBudget('agent', { limit: 1, windowSec: 600 })],
    ['a flow', (storage, who) => storage.lifecycle.recordTransition('flow', null, who)],
    ['a result', (storage, who) => storage.idempotency.setIfAbsent('result', { who })],
  ]
  test.each(RACES)(
    '%s that others have taken since is contention, and none when run again',
    async (_, act) => {
      await withNamespace(server.url, async (storage, { client, order, orders }) => {
        const session = await begun(client)
        await order('undone', session)
        await act(storage, 'theirs')
        expect(await refusalOf(() => act(storage.within(session), 'mine'))).toEqual(CONTENTION)
        await expect(session.commitTransaction()).rejects.toThrow(/transaction/i)
        session.startTransaction()
        await order('kept', session)
        const again = await refusalOf(() => act(storage.within(session), 'mine'))
        await session.commitTransaction()
        await session.endSession()
        expect(again).not.toEqual(CONTENTION)
        expect(await orders()).toEqual(['first', 'kept'])
      })
    },
  )
})
