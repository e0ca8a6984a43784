import type { StorageHandle } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { atomicCalls, flat, seedCalls } from './every-call.ts'
import { group, range, LONG_AGO } from './kit.ts'
import type { RecordKind } from './record-kind.ts'
import { kindsOf } from './record-kinds.ts'

const onHandle = (storage: StorageHandle): ['init' | 'health', () => Promise<unknown>][] => [
  ['init', () => storage.init()],
  ['health', () => storage.health()],
]

export const scenarios: readonly Scenario[] = [
  ...group({ level: 'seed', protocols: 'any', uses: ['close'] }, [
    {
      id: 'handle/a-closed-handle-refuses-every-call',
      title: 'after close every call rejects with ClosedError, which says which call it was',
      clause: 'close(): new calls reject with ClosedError at once',
      asserts: 39,
      async run({ protocols, gives, open, id, assert }) {
        const closed = await open()
        await closed.init()
        await closed.close()
        for (const [protocol, operation, call] of flat(seedCalls(closed, id('one')), protocols))
          await assert.rejects(call, 'STORAGE_CLOSED', `${protocol}.${operation}`, {
            protocol,
            operation,
            retryable: false,
            outcome: 'not-applied',
            ...(gives('health') ? { backend: closed.backend } : {}),
          })
        for (const [operation, call] of onHandle(closed))
          if (gives(operation))
            await assert.rejects(call, 'STORAGE_CLOSED', operation, { operation, outcome: 'not-applied' })
      },
    },
    {
      id: 'handle/close-flushes-what-was-issued',
      title: 'writes that were issued before close are carried out, those after it are not',
      clause: 'close(): the queue is flushed; new calls reject at once',
      asserts: 36,
      async run({ storage, protocols, open, id, assert }) {
        for (const kind of kindsOf(protocols)) {
          const closing = await open()
          await closing.init()
          const [flows, other] = [range(30).map((n) => id(`flow ${n}`)), id('other')]
          const writes = flows.map((dfid, n) => kind.write(closing, dfid, n + 1, `${other} ${n}`))
          const close = closing.close()
          const late = () => kind.write(closing, flows[0] ?? '', 99, `${other} 0`)
          await assert.rejects(late, 'STORAGE_CLOSED', `${kind.name}: after close`, {
            outcome: 'not-applied',
          })
          const outcomes = await Promise.allSettled(writes)
          const rejected = outcomes.filter(({ status }) => status === 'rejected')
          assert.equal(rejected, [], `${kind.name}: rejected writes`)
          assert.equal(await close, undefined, `${kind.name}: close`)
          const seen = await Promise.all(flows.map((dfid, n) => kind.read(storage, dfid, `${other} ${n}`)))
          const written = range(30).map((n) => kind.after(n + 1))
          assert.equal(seen, written, `${kind.name}: what another handle sees`)
        }
      },
    },
    {
      id: 'handle/close-may-be-repeated',
      title: 'a second close gives the promise of the first, whatever the handle was doing',
      clause: 'close(): a second close() returns the first promise',
      asserts: 10,
      async run({ storage, protocols, open, freshNamespace, assert }) {
        const kind = kindsOf(protocols)[0] as RecordKind
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
          await assert.rejects(() => kind.read(handle, 'one', 'two'), 'STORAGE_CLOSED', `${state}: a call`)
        }
        assert.equal(await kind.read(storage, 'none', 'two'), kind.after(), 'other handles stay open')
      },
    },
    {
      id: 'handle/dispose-is-close',
      title: 'a handle that is held by `await using` is closed at the end of its block',
      clause: 'Symbol.asyncDispose (= close)',
      asserts: 2,
      async run({ protocols, open, id, assert }) {
        const kind = kindsOf(protocols)[0] as RecordKind
        const [mine, other] = [id('flow'), id('other')]
        const outside: StorageHandle[] = []
        {
          await using handle = await open()
          outside.push(handle)
          await kind.write(handle, mine, 1, other)
        }
        const [handle] = outside as [StorageHandle]
        const late = () => kind.read(handle, mine, other)
        await assert.rejects(late, 'STORAGE_CLOSED', 'a call after the block')
        assert.equal(await kind.read(await open(), mine, other), kind.after(1), 'what it wrote')
      },
    },
  ]),
  ...group({ level: 'atomic', protocols: 'any', uses: ['close'] }, [
    {
      id: 'handle/a-closed-handle-refuses-every-verb',
      title: 'after close every atomic verb rejects with ClosedError',
      clause: 'close(): new calls reject with ClosedError at once',
      asserts: 16,
      async run({ protocols, gives, open, id, assert }) {
        const closed = await open()
        await closed.close()
        for (const [protocol, operation, call] of flat(atomicCalls(closed, id('one')), protocols))
          await assert.rejects(call, 'STORAGE_CLOSED', `${protocol}.${operation}`, {
            protocol,
            operation,
            outcome: 'not-applied',
            ...(gives('health') ? { backend: closed.backend } : {}),
          })
      },
    },
    {
      id: 'handle/a-closed-handle-refuses-batches-and-transfer',
      title: 'after close atomically, exportRecords and importRecords reject with ClosedError',
      clause: 'close(): new calls reject with ClosedError at once',
      capabilities: ['atomically', 'export'],
      uses: ['close', 'atomically', 'exportRecords'],
      asserts: 3,
      async run({ open, assert }) {
        const closed = await open()
        await closed.close()
        const batch = () => closed.atomically(() => {})
        await assert.rejects(batch, 'STORAGE_CLOSED', 'atomically')
        await assert.rejects(() => Array.fromAsync(closed.exportRecords()), 'STORAGE_CLOSED', 'exportRecords')
        await assert.rejects(() => closed.importRecords([]), 'STORAGE_CLOSED', 'importRecords')
        if (!closed.capabilities.has('prune')) return
        const pruned = () => closed.prune({ before: LONG_AGO, terminal: ['DONE'] })
        await assert.rejects(pruned, 'STORAGE_CLOSED', 'prune')
      },
    },
  ]),
]
