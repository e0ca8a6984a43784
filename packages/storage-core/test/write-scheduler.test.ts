import { expect, test } from 'vitest'
import { type Call, type Protocol, type Work, WriteQueue, WriteScheduler } from '../src/index.ts'

const failure = (fields: Readonly<Record<string, unknown>>): unknown => expect.objectContaining(fields)

function call(protocol: Protocol, id: string, label: string): Call {
  const deadline = performance.now() + 5_000
  return {
    protocol,
    method: 'm',
    operation: 'o',
    args: [label],
    ids: [id],
    concernsAll: false,
    deadline,
  } as unknown as Call
}
function work(calls: readonly Call[], atomic = false, deadline = 5_000): Work {
  return { calls, atomic, bytes: 10, deadline: performance.now() + deadline, accessDeadline: null }
}

/** A store whose answers wait for `answer(label)`; events are queued, everything else runs alone. */
function store(most = 100) {
  const started: unknown[] = []
  const gates = new Map<unknown, PromiseWithResolvers<void>>()
  const gate = (label: unknown): PromiseWithResolvers<void> => {
    const there = gates.get(label) ?? Promise.withResolvers<void>()
    gates.set(label, there)
    return there
  }
  const queue = new WriteQueue({
    flush: async (waiting) => {
      for (const entry of waiting.take(10)) {
        const label = entry.work.calls[0]?.args[0]
        started.push(label)
        await gate(label).promise
        entry.resolve([label])
      }
    },
  })
  const scheduler = new WriteScheduler({
    most,
    queueOf: ({ protocol }) => (protocol === 'decisionAudit' ? queue : null),
    execute: async ({ calls }) => {
      const labels = calls.map(({ args }) => args[0] as string)
      started.push(labels.join('+'))
      await gate(labels.join('+')).promise
      return labels
    },
  })
  return { scheduler, started, answer: (label: string) => gate(label).resolve() }
}
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5))

test('writes to different records run beside one another, to one record in order', async () => {
  const { scheduler, started, answer } = store()
  const first = scheduler.write(work([call('context', 'a', '1')]))
  const second = scheduler.write(work([call('context', 'a', '2')]))
  const other = scheduler.write(work([call('context', 'b', '3')]))
  await turn()
  expect(started).toEqual(['1', '3'])
  answer('1')
  answer('2')
  answer('3')
  expect(await Promise.all([first, second, other])).toEqual([['1'], ['2'], ['3']])
  expect(started).toEqual(['1', '3', '2'])
})

test('a batch waits for every earlier write to its records, and later ones wait for it', async () => {
  const { scheduler, started, answer } = store()
  const event = scheduler.write(work([call('decisionAudit', 'a', 'event')]))
  const batch = scheduler.write(work([call('decisionAudit', 'a', 'x'), call('lifecycle', 'a', 'y')], true))
  const later = scheduler.write(work([call('decisionAudit', 'a', 'later')]))
  const elsewhere = scheduler.write(work([call('lifecycle', 'b', 'z')]))
  for (const label of ['z', 'x+y', 'later']) answer(label)
  await turn()
  expect(started).toEqual(['z', 'event'])
  answer('event')
  await Promise.all([event, batch, later, elsewhere])
  expect(started).toEqual(['z', 'event', 'x+y', 'later'])
})

test('a read is told what to wait for, queued or not', async () => {
  const { scheduler, answer } = store()
  const written = Promise.all([
    scheduler.write(work([call('decisionAudit', 'a', 'event')])),
    scheduler.write(work([call('context', 'a', 'data')])),
  ])
  const seen: string[] = []
  const watch = (name: string, protocol: Protocol, id: string, concernsAll: boolean): void => {
    const wait = scheduler.earlier({ protocol, ids: [id], concernsAll })
    void (wait ?? Promise.resolve()).then(() => seen.push(name))
  }
  watch('another id', 'context', 'b', false)
  watch('the id', 'context', 'a', false)
  watch('a list', 'decisionAudit', 'b', true)
  await turn()
  expect(seen).toEqual(['another id'])
  answer('event')
  answer('data')
  await written
  await turn()
  expect(seen.toSorted()).toEqual(['a list', 'another id', 'the id'])
})

test('a list waits for no acquire in a queue that waits for somebody else', async () => {
  const gate = Promise.withResolvers<void>()
  const queue = new WriteQueue({
    flush: async (waiting) => {
      waiting.contended()
      await gate.promise
      for (const entry of waiting.take(10)) entry.resolve([null])
    },
  })
  const scheduler = new WriteScheduler({ queueOf: () => queue, execute: async () => [] })
  const acquire = { ...call('resourceLock', 'flow', 'x'), operation: 'acquire' } as Call
  const acquired = scheduler.write({ ...work([acquire]), accessDeadline: performance.now() + 5_000 })
  const seen: string[] = []
  void scheduler
    .earlier({ protocol: 'resourceLock', ids: [], concernsAll: true })
    ?.then(() => seen.push('a list'))
  void scheduler
    .earlier({ protocol: 'resourceLock', ids: ['flow'], concernsAll: true })
    ?.then(() => seen.push('its flow'))
  await turn()
  expect(seen).toEqual(['a list'])
  gate.resolve()
  await acquired
  await turn()
  expect(seen).toEqual(['a list', 'its flow'])
})

test('an outcome is unknown at its deadline once it is sent, and not-applied before', async () => {
  const { scheduler, started, answer } = store()
  const sent = scheduler.write(work([call('context', 'a', 'slow')], false, 20))
  const unsent = scheduler.write(work([call('context', 'a', 'never')], false, 20))
  await expect(sent).rejects.toEqual(failure({ code: 'STORAGE_TIMEOUT', outcome: 'unknown' }))
  await expect(unsent).rejects.toEqual(failure({ code: 'STORAGE_TIMEOUT', outcome: 'not-applied' }))
  answer('slow')
  await turn()
  expect(started).toEqual(['slow'])
})

test('is bounded, and after close takes nothing more', async () => {
  const { scheduler, answer } = store(1)
  const first = scheduler.write(work([call('context', 'a', '1')]))
  const refused = scheduler.write(work([call('context', 'b', '2')]))
  await expect(refused).rejects.toEqual(failure({ code: 'STORAGE_UNAVAILABLE', outcome: 'not-applied' }))
  const closing = scheduler.close(1_000)
  await expect(scheduler.write(work([call('context', 'c', '3')]))).rejects.toEqual(
    failure({ code: 'STORAGE_CLOSED' }),
  )
  answer('1')
  expect(await first).toEqual(['1'])
  await closing
})

test('what is left when the grace of a close is over rejects, and what was not sent never is', async () => {
  const { scheduler, started, answer } = store()
  const outcomes = ['1', '2'].map((label) =>
    scheduler.write(work([call('context', 'a', label)])).catch((error: unknown) => error),
  )
  await scheduler.close(10)
  expect(await Promise.all(outcomes)).toEqual([
    failure({ code: 'STORAGE_CLOSED', outcome: 'unknown' }),
    failure({ code: 'STORAGE_CLOSED', outcome: 'not-applied' }),
  ])
  answer('1')
  await turn()
  expect(started).toEqual(['1'])
})

test('what is under way outside the queues is bounded in bytes too', async () => {
  const { scheduler, answer } = store()
  const large = (label: string): Work => ({
    ...work([call('context', label, label)]),
    bytes: 40 * 1024 * 1024,
  })
  const first = scheduler.write(large('1'))
  await expect(scheduler.write(large('2'))).rejects.toEqual(
    failure({ code: 'STORAGE_UNAVAILABLE', outcome: 'not-applied' }),
  )
  answer('1')
  await first
  answer('3')
  expect(await scheduler.write(large('3'))).toEqual(['3'])
})
