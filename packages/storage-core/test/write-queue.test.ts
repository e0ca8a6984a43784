import { describe, expect, test, vi } from 'vitest'
import { type Call, type QueueEntry, UnavailableError, type Work, WriteQueue } from '../src/index.ts'

let clock = 0
function work(
  label: string,
  { ids = [label], deadline = 5_000, access = null as number | null, bytes = 10 } = {},
): Work {
  const now = performance.now()
  const call = {
    protocol: 'resourceLock',
    method: 'm',
    operation: access === null ? 'release' : 'acquire',
    args: [label],
    ids,
    concernsAll: false,
    deadline: now + deadline,
  } as unknown as Call
  return {
    calls: [call],
    atomic: false,
    bytes,
    deadline: now + deadline,
    accessDeadline: access === null ? null : now + access,
  }
}
const labels = (entries: readonly QueueEntry[]): unknown[] =>
  entries.map((entry) => entry.work.calls[0]?.args[0])
const read = (ids: readonly string[], concernsAll: boolean) =>
  ({
    protocol: 'resourceLock',
    method: 'r',
    operation: 'r',
    args: [],
    ids,
    concernsAll,
    deadline: 0,
  }) as const

/** An error with exactly these fields among its own. */
const failure = (fields: Readonly<Record<string, unknown>>): unknown => expect.objectContaining(fields)

/** A store that commits whatever waits, one batch after another, and keeps the batches. */
function store(most = 100): { readonly queue: WriteQueue; readonly batches: unknown[][] } {
  const batches: unknown[][] = []
  const queue = new WriteQueue({
    flush: (waiting) => {
      const entries = waiting.take(most)
      batches.push(labels(entries))
      for (const entry of entries) entry.resolve([clock++])
    },
  })
  return { queue, batches }
}

describe('WriteQueue', () => {
  test('commits in the order of issue, what was issued together in one batch', async () => {
    const { queue, batches } = store()
    const settled: string[] = []
    await Promise.all(['a', 'b', 'c'].map((one) => queue.push(work(one)).then(() => settled.push(one))))
    await queue.push(work('alone'))
    expect(batches).toEqual([['a', 'b', 'c'], ['alone']])
    expect(settled).toEqual(['a', 'b', 'c'])
  })

  test('splits at what one batch takes, keeping the order', async () => {
    const { queue, batches } = store(2)
    await Promise.all(['a', 'b', 'c', 'd', 'e'].map((one) => queue.push(work(one))))
    expect(batches).toEqual([['a', 'b'], ['c', 'd'], ['e']])
  })

  test('one refusal touches no other entry of its batch', async () => {
    const queue = new WriteQueue({
      flush: (waiting) => {
        for (const entry of waiting.take(10)) {
          if (entry.work.calls[0]?.args[0] === 'bad') entry.reject(new Error('refused'))
          else entry.resolve(['done'])
        }
      },
    })
    const outcomes = await Promise.allSettled([
      queue.push(work('a')),
      queue.push(work('bad')),
      queue.push(work('b')),
    ])
    expect(outcomes.map((outcome) => outcome.status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  })

  test('is bounded by entries and by bytes, and says so', async () => {
    const queue = new WriteQueue({ flush: () => new Promise(() => {}), maxEntries: 2, maxBytes: 100 })
    const first = queue.push(work('a'))
    const second = queue.push(work('b', { bytes: 85 }))
    await expect(queue.push(work('c'))).rejects.toEqual(
      failure({ code: 'STORAGE_UNAVAILABLE', outcome: 'not-applied', retryable: true }),
    )
    await expect(queue.push(work('d', { bytes: 101 }))).rejects.toEqual(
      failure({ code: 'STORAGE_VALUE_TOO_LARGE', bytes: 101, limit: 100 }),
    )
    const closing = queue.close(1)
    await Promise.all([
      expect(second).rejects.toEqual(failure({ code: 'STORAGE_CLOSED', outcome: 'not-applied' })),
      expect(first).rejects.toEqual(failure({ code: 'STORAGE_CLOSED', outcome: 'not-applied' })),
    ])
    await closing
  })

  test('an entry whose deadline passes unsent leaves, and is never sent', async () => {
    let open = (): void => {}
    const gate = new Promise<void>((resolve) => (open = resolve))
    const sent: unknown[] = []
    const queue = new WriteQueue({
      flush: async (waiting) => {
        await gate
        const entries = waiting.take(10)
        sent.push(...labels(entries))
        for (const entry of entries) entry.resolve([null])
      },
    })
    const late = queue.push(work('late', { deadline: 5 }))
    const patient = queue.push(work('patient'))
    await expect(late).rejects.toEqual(
      failure({ code: 'STORAGE_TIMEOUT', outcome: 'not-applied', retryable: true }),
    )
    open()
    await patient
    expect(sent).toEqual(['patient'])
  })

  test('an entry whose deadline passes once it is sent is unknown, and the batch runs on', async () => {
    let finish = (): void => {}
    const gate = new Promise<void>((resolve) => (finish = resolve))
    const queue = new WriteQueue({
      flush: async (waiting) => {
        const entries = waiting.take(10)
        await gate
        for (const entry of entries) entry.resolve(['done'])
      },
    })
    const late = queue.push(work('late', { deadline: 5 }))
    const patient = queue.push(work('patient'))
    await expect(late).rejects.toEqual(
      failure({ code: 'STORAGE_TIMEOUT', outcome: 'unknown', retryable: false }),
    )
    finish()
    expect(await patient).toEqual(['done'])
  })

  test('contention refuses an acquire after its own time, and others at their deadline', async () => {
    const queue = new WriteQueue({
      flush: async (waiting) => {
        while (waiting.contended()) await new Promise((resolve) => setTimeout(resolve, 2))
      },
    })
    const once = queue.push(work('once', { access: 0 }))
    const patient = queue.push(work('patient', { access: 30 }))
    const other = queue.push(work('other', { deadline: 60 }))
    const order: string[] = []
    await Promise.all([
      once.then(() => order.push('once')),
      patient.then(() => order.push('patient')),
      other.catch((error: { code: string }) => order.push(error.code)),
    ])
    expect(await once).toEqual([null])
    expect(order).toEqual(['once', 'patient', 'STORAGE_RESOURCE_CONTENTION'])
  })

  test('a read waits for earlier writes to its ids; a list waits for all but acquires that wait', async () => {
    let open = (): void => {}
    const gate = new Promise<void>((resolve) => (open = resolve))
    const queue = new WriteQueue({
      flush: async (waiting) => {
        waiting.contended()
        await gate
        for (const entry of waiting.take(10)) entry.resolve([null])
      },
    })
    const passed: string[] = []
    const watch = (name: string, wait: Promise<unknown> | undefined): void =>
      void (wait ?? Promise.resolve()).then(() => passed.push(name))
    const acquiring = queue.push(work('flow', { ids: ['flow', 'cash'], access: 5_000 }))
    watch('other id', queue.earlierWrites(read(['other'], false)))
    watch('same id', queue.earlierWrites(read(['cash'], true)))
    watch('list', queue.earlierWrites(read([], true)))
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(passed).toEqual(['other id', 'list'])
    open()
    await acquiring
    await new Promise(setImmediate)
    expect(passed).toEqual(['other id', 'list', 'same id'])
    expect(queue.earlierWrites(read([], true))).toBe(undefined)
  })

  test('what is put back waits before all the rest, unsent; of what others kept from it, who has no time leaves', async () => {
    const batches: unknown[][] = []
    const queue = new WriteQueue({
      flush: (waiting) => {
        const entries = waiting.take(2)
        batches.push(labels(entries))
        if (batches.length > 1) for (const entry of entries) entry.resolve(['done'])
        else waiting.putBack(new Set(entries), new Set(entries.slice(0, 1)))
      },
    })
    const once = queue.push(work('once', { access: 0 }))
    const follower = queue.push(work('follower', { access: 0 }))
    const last = queue.push(work('last'))
    expect(await Promise.all([once, follower, last])).toEqual([[null], ['done'], ['done']])
    expect(batches).toEqual([
      ['once', 'follower'],
      ['follower', 'last'],
    ])
  })

  test('close flushes what waits and takes nothing more', async () => {
    const { queue, batches } = store()
    const last = queue.push(work('last'))
    await queue.close(1_000)
    expect(await last).toEqual([clock - 1])
    expect(batches).toEqual([['last']])
    await expect(queue.push(work('more'))).rejects.toEqual(failure({ code: 'STORAGE_CLOSED' }))
  })

  test('a flush that fails without settling its entries rejects them, and the next ones are tried', async () => {
    let broken = true
    const queue = new WriteQueue({
      flush: (waiting) => {
        if (broken) throw new Error('no connection')
        for (const entry of waiting.take(10)) entry.resolve(['done'])
      },
    })
    await expect(queue.push(work('a'))).rejects.toThrow('no connection')
    broken = false
    expect(await queue.push(work('b'))).toEqual(['done'])
  })
})

test('those whose flush fails get an error each, which says of which call', async () => {
  const queue = new WriteQueue({
    flush: () => Promise.reject(new UnavailableError('It is down.', 'connect')),
  })
  const errors = await Promise.all(
    ['a', 'b'].map((label) => queue.push(work(label)).catch((e: unknown) => e)),
  )
  expect(new Set(errors).size).toBe(2)
  expect(errors).toEqual([failure({ message: 'It is down.' }), failure({ message: 'It is down.' })])
})

test('writes settle where a test has put another setImmediate in its place', async () => {
  vi.useFakeTimers({ toFake: ['setImmediate'] })
  try {
    const { queue } = store()
    expect(await queue.push(work('a'))).toHaveLength(1)
  } finally {
    vi.useRealTimers()
  }
})
