import { PROTOCOLS, type StorageHandle } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { atomicCalls, flat, seedCalls } from './every-call.ts'
import { group, range } from './kit.ts'

const onHandle = (storage: StorageHandle): [string, () => Promise<unknown>][] => [
  ['init', () => storage.init()],
  ['health', () => storage.health()],
]

export const scenarios: readonly Scenario[] = [
  ...group({ level: 'seed', protocols: PROTOCOLS }, [
    {
      id: 'handle/a-closed-handle-refuses-every-call',
      title: 'after close every call rejects with ClosedError, which says which call it was',
      clause: 'close(): new calls reject with ClosedError at once',
      asserts: 39,
      async run({ open, id, assert }) {
        const closed = await open()
        await closed.init()
        await closed.close()
        for (const [protocol, operation, call] of flat(seedCalls(closed, id('one'))))
          await assert.rejects(call, 'STORAGE_CLOSED', `${protocol}.${operation}`, {
            protocol,
            operation,
            backend: closed.backend,
            retryable: false,
            outcome: 'not-applied',
          })
        for (const [operation, call] of onHandle(closed))
          await assert.rejects(call, 'STORAGE_CLOSED', operation, { operation, outcome: 'not-applied' })
      },
    },
    {
      id: 'handle/close-flushes-what-was-issued',
      title: 'writes that were issued before close are carried out, those after it are not',
      clause: 'close(): the queue is flushed; new calls reject at once',
      asserts: 4,
      async run({ storage, open, id, assert }) {
        const closing = await open()
        await closing.init()
        const flows = range(30).map((n) => id(`flow ${n}`))
        const writes = flows.map((dfid, n) => closing.intentRetry.setCount(dfid, n + 1))
        const close = closing.close()
        const late = closing.intentRetry.setCount(flows[0] ?? '', 99)
        await assert.rejects(late, 'STORAGE_CLOSED', 'a write after close', { outcome: 'not-applied' })
        const outcomes = await Promise.allSettled(writes)
        assert.equal(
          outcomes.filter(({ status }) => status === 'rejected'),
          [],
          'rejected writes',
        )
        assert.equal(await close, undefined, 'close')
        const counts = await Promise.all(flows.map((dfid) => storage.intentRetry.getCount(dfid)))
        assert.equal(
          counts,
          range(30).map((n) => n + 1),
          'what another handle sees',
        )
      },
    },
    {
      id: 'handle/close-may-be-repeated',
      title: 'a second close gives the promise of the first, whatever the handle was doing',
      clause: 'close(): a second close() returns the first promise',
      asserts: 10,
      async run({ storage, open, freshNamespace, assert }) {
        const states: [string, (handle: StorageHandle) => Promise<unknown>][] = [
          ['never used', () => Promise.resolve()],
          ['initialised', (handle) => handle.init()],
          ['initialising', (handle) => (void handle.init().catch(() => {}), Promise.resolve())],
        ]
        for (const [state, prepare] of states) {
          const handle = await open({ namespace: freshNamespace() })
          await prepare(handle)
          const first = handle.close()
          assert.ok(first === handle.close(), `${state}: the same promise`)
          assert.equal(await first, undefined, `${state}: closed`)
          await assert.rejects(() => handle.context.getSession('flow'), 'STORAGE_CLOSED', `${state}: a call`)
        }
        assert.equal(await storage.context.getSession('none'), null, 'other handles stay open')
      },
    },
    {
      id: 'handle/dispose-is-close',
      title: 'a handle that is held by `await using` is closed at the end of its block',
      clause: 'Symbol.asyncDispose (= close)',
      asserts: 2,
      async run({ open, id, assert }) {
        const dfid = id('flow')
        const outside: StorageHandle[] = []
        {
          await using handle = await open()
          outside.push(handle)
          await handle.context.setSession(dfid, '1')
        }
        const [handle] = outside as [StorageHandle]
        await assert.rejects(
          () => handle.context.getSession(dfid),
          'STORAGE_CLOSED',
          'a call after the block',
        )
        assert.equal(await (await open()).context.getSession(dfid), '1', 'what it wrote')
      },
    },
  ]),
  ...group({ level: 'atomic', protocols: PROTOCOLS }, [
    {
      id: 'handle/a-closed-handle-refuses-every-verb',
      title: 'after close every atomic verb rejects with ClosedError',
      clause: 'close(): new calls reject with ClosedError at once',
      asserts: 15,
      async run({ open, id, assert }) {
        const closed = await open()
        await closed.close()
        for (const [protocol, operation, call] of flat(atomicCalls(closed, id('one'))))
          await assert.rejects(call, 'STORAGE_CLOSED', `${protocol}.${operation}`, {
            protocol,
            operation,
            backend: closed.backend,
            outcome: 'not-applied',
          })
      },
    },
    {
      id: 'handle/a-closed-handle-refuses-batches-and-transfer',
      title: 'after close atomically, exportRecords and importRecords reject with ClosedError',
      clause: 'close(): new calls reject with ClosedError at once',
      capabilities: ['atomically', 'export'],
      asserts: 3,
      async run({ open, assert }) {
        const closed = await open()
        await closed.close()
        const batch = () => closed.atomically((recorder) => recorder.context.setSession('flow', '1'))
        await assert.rejects(batch, 'STORAGE_CLOSED', 'atomically')
        await assert.rejects(() => Array.fromAsync(closed.exportRecords()), 'STORAGE_CLOSED', 'exportRecords')
        await assert.rejects(() => closed.importRecords([]), 'STORAGE_CLOSED', 'importRecords')
      },
    },
  ]),
]
