import { AsyncLocalStorage } from 'node:async_hooks'
import { tracingChannel } from 'node:diagnostics_channel'
import { sqliteStorage } from '@dir/storage-sqlite'
import { expect, test } from 'vitest'
import { CHANNELS, ConflictError, UnavailableError } from '../src/index.ts'
import { CommitQueue, type WorkResult } from '../src/adapter.ts'
import { heard } from './listen.ts'
import { done, store, work } from './queue-works.ts'

const SECRET = 'secret-4711'

const commit = {
  backend: 'stub',
  namespace: 'ours',
  works: 1,
  operations: 1,
  bytes: 10,
  calls: [],
  written: 0,
  refused: 0,
  blocked: 0,
  again: 0,
  failed: 0,
  elapsedMs: expect.any(Number) as number,
  code: null,
  outcome: null,
}
/** What is told of something that goes well. */
const WHOLE = ['start', 'end', 'asyncStart', 'asyncEnd']

const source = { backend: 'stub', namespace: 'ours' }

test('a commit says how its works ended, and each that comes again is in the next one', async () => {
  const ends: Readonly<Record<string, (attempt: number) => WorkResult>> = {
    written: () => done,
    refused: () => ({ error: new ConflictError('no') }),
    failed: () => ({ error: new UnavailableError('down', 'connect') }),
    blocked: (attempt) => (attempt === 1 ? 'blocked' : done),
    again: (attempt) => (attempt === 1 ? 'again' : done),
  }
  const { push } = store((label, attempt) => ends[label]?.(attempt) ?? done, { source })
  const all = await heard('commit', () => Promise.allSettled(Object.keys(ends).map((label) => push(label))))
  expect(all.map(({ event }) => event)).toEqual([...WHOLE, ...WHOLE])
  const first = { ...commit, works: 5, operations: 5, bytes: 50 }
  expect(all[0]?.message).toEqual({ ...first, elapsedMs: null })
  expect(all[3]?.message).toEqual({ ...first, written: 1, refused: 1, failed: 1, blocked: 1, again: 1 })
  expect(all[7]?.message).toEqual({ ...commit, works: 2, operations: 2, bytes: 20, written: 2 })
})

test('a commit that fails says with what; works that were not sent come again', async () => {
  let attempts = 0
  const queue = new CommitQueue({
    source,
    async commit(works, sending) {
      const [first] = works
      if (attempts++ > 0) {
        sending(works)
        return works.map(() => done)
      }
      sending(first === undefined ? [] : [first])
      throw new UnavailableError('lost', 'answer', { outcome: 'unknown' })
    },
  })
  const all = await heard('commit', () =>
    Promise.allSettled(['a', 'b'].map((label) => queue.push(work(label)))),
  )
  const [failed, next] = all.filter(({ event }) => event === 'asyncEnd').map(({ message }) => message)
  const failure = { code: 'STORAGE_UNAVAILABLE', outcome: 'unknown' }
  expect(failed).toEqual({
    ...commit,
    works: 2,
    operations: 2,
    bytes: 20,
    failed: 1,
    again: 1,
    ...failure,
  })
  expect(next).toEqual({ ...commit, written: 1 })
  expect(all.filter(({ event }) => event === 'error')).toHaveLength(1)
})

test('a write waits for its turn, and again where somebody else was in the way', async () => {
  const { push } = store((_, attempt) => (attempt === 1 ? 'blocked' : done), { source })
  const all = await heard('wait', () => push('a', { access: 5_000 }))
  const wait = { ...source, protocol: 'resourceLock', method: 'm', call: null }
  expect(all.map(({ event }) => event)).toEqual([...WHOLE, ...WHOLE])
  expect(all[0]?.message).toEqual({ ...wait, phase: 'queue', elapsedMs: null })
  expect(all[3]?.message).toEqual({ ...wait, phase: 'queue', elapsedMs: expect.any(Number) as number })
  expect(all[7]?.message).toEqual({ ...wait, phase: 'access', elapsedMs: expect.any(Number) as number })
})

test('a wait ends where its write is given up', async () => {
  const { push } = store(() => 'blocked', { source })
  const all = await heard('wait', () => push('a', { access: 30 }))
  const of = (wanted: string) => all.filter(({ event }) => event === wanted).map(({ same }) => same)
  expect(of('asyncEnd')).toEqual(of('start'))
  expect(of('asyncEnd').length).toBeGreaterThan(1)
})

test('calls, their waits and their commit on SQLite belong together, and show no id and no payload', async () => {
  await using storage = sqliteStorage(':memory:')
  await storage.init()
  const [calls, waits]: unknown[][] = [[], []]
  const commits = await heard('commit', async () => {
    const heardWaits = await heard('wait', async () => {
      const heardCalls = await heard('call', () =>
        Promise.all([
          storage.idempotency.set(SECRET, { [SECRET]: SECRET }),
          storage.atomically((batch) => {
            batch.context.setSession(SECRET, JSON.stringify(SECRET))
            batch.decisionAudit.record(SECRET, SECRET)
          }),
        ]),
      )
      for (const { event, same } of heardCalls) if (event === 'asyncEnd') calls?.push(same)
    })
    for (const { event, same } of heardWaits) if (event === 'asyncEnd') waits?.push(same)
  })
  const sqlite = { backend: 'sqlite', namespace: null, code: null, outcome: null }
  const call = { ...sqlite, records: null, ids: null }
  const asked = [
    { ...call, protocol: 'idempotency', method: 'set', operations: null },
    { ...call, protocol: '', method: 'atomically', operations: 2 },
  ]
  const elapsedMs = expect.any(Number)
  expect(calls).toEqual(asked.map((one) => ({ ...one, elapsedMs, attempts: 1 })))
  const [told] = commits.filter(({ event }) => event === 'asyncEnd')
  expect(told?.message).toEqual({
    ...sqlite,
    elapsedMs,
    works: 2,
    operations: 3,
    bytes: expect.any(Number),
    // a commit is over before its callers have their answers
    calls: asked.map((one) => ({ ...one, elapsedMs: null, attempts: null })),
    written: 2,
    refused: 0,
    blocked: 0,
    again: 0,
    failed: 0,
  })
  expect(told?.same.calls.map((one) => calls?.indexOf(one))).toEqual([0, 1])
  expect(waits?.map((wait) => calls?.indexOf(Reflect.get(wait as object, 'call')))).toEqual([0, 1])
  const everything = JSON.stringify([calls, waits, commits])
  expect(everything.length).toBeGreaterThan(500)
  expect(everything).not.toContain(SECRET)
})

test('a commit runs in the context of none of its callers, and in the one that it is given', async () => {
  const current = new AsyncLocalStorage<string>()
  const contexts: (string | undefined)[] = []
  const { push } = store((label) => {
    contexts.push(current.getStore())
    return { answers: [label] }
  })
  await current.run('caller', () => push('a'))
  const { start } = tracingChannel(CHANNELS.commit)
  start.bindStore(current, () => 'commit')
  await current.run('caller', () => push('b'))
  start.unbindStore(current)
  expect(contexts).toEqual([undefined, 'commit'])
})

test('whoever listens to commits alone sees what is in them', async () => {
  const { push, commits } = store()
  const all = await heard('commit', () => Promise.all([push('a'), push('b')]))
  expect(all[3]?.message).toEqual({
    ...commit,
    backend: '',
    namespace: null,
    works: 2,
    operations: 2,
    bytes: 20,
    written: 2,
  })
  expect(commits).toEqual([['a', 'b']])
})
