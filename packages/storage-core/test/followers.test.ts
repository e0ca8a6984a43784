import { memoryStorage } from '@dir/storage-memory'
import { afterEach, expect, test, vi } from 'vitest'
import { failureOf } from '../../../scripts/servers/failure.ts'
import { UnavailableError, runOnce } from '../src/index.ts'
import { listEvents } from '../src/protocols/event-listing.ts'
import type { EventFilter, EventRow } from '../src/protocols/audit-events.ts'

afterEach(() => void vi.useRealTimers())

const ROW = {
  dfid: 'f',
  event: 'E',
  stepId: '',
  state: '',
  agentId: null,
  detailsJson: '{}',
  timestamp: null,
}

type Ask = (afterSeq: number) => Promise<number[]>

/** What is listed of a log whose pages `ask` gives, and which changes all the time. */
async function seqs(filter: EventFilter, ask: Ask): Promise<number[]> {
  const run = {
    numbers: 'plain',
    changes: () => ({ next: async () => {}, wake: () => {}, stop: () => {} }),
  } as const
  const rows = async (after: number): Promise<EventRow[]> =>
    (await ask(after)).map((seq) => ({ ...ROW, seq }))
  const found = []
  for await (const { seq } of listEvents(run, filter, ({ afterSeq }) => rows(afterSeq))) found.push(seq)
  return found
}

const outage = (): never => {
  throw new UnavailableError('It is down.', 'connect')
}

test('an outage ends a follower before its first event, and none that has seen one', async () => {
  await expect(seqs({ follow: true }, async () => outage())).rejects.toThrow('It is down.')
  let outages = 2
  const ask: Ask = async (after) => (after === 1 && outages-- > 0 ? outage() : [after + 1])
  expect(await seqs({ follow: true, limit: 3 }, ask)).toEqual([1, 2, 3])
})

test.each([false, true])(
  'once its signal has fired nothing is waited for, asked or thrown (follow: %s)',
  async (follow) => {
    const unanswered: Promise<number[]> = new Promise(() => {})
    const late = async (): Promise<number[]> => {
      await Promise.resolve()
      return outage()
    }
    for (const answer of [() => unanswered, late]) {
      const ended = new AbortController()
      let asked = 0
      const ask: Ask = () => {
        asked++
        queueMicrotask(() => ended.abort())
        return answer()
      }
      const filter = { follow, signal: ended.signal }
      expect([await seqs(filter, ask), await seqs(filter, ask), asked]).toEqual([[], [], 1])
    }
  },
)

test('followers that share a signal all end when it fires, though one has ended before', async () => {
  const storage = memoryStorage()
  const { decisionAudit } = storage
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }) // nobody looks because time has passed
  const ended = new AbortController()
  const follow = (filter: EventFilter) =>
    Array.fromAsync(decisionAudit.events({ ...filter, follow: true, signal: ended.signal }))
  await decisionAudit.record('f', 'E')
  const waiting = Array.from({ length: 20 }, () => follow({}))
  expect(await follow({ limit: 1 })).toHaveLength(1)
  ended.abort()
  for (const events of await Promise.all(waiting)) expect(events).toHaveLength(1)
  await storage.close()
})

test('while close waits for an effect, that follows on; after that it is told', async () => {
  const storage = memoryStorage()
  const begun = Promise.withResolvers<void>()
  const seen: string[] = []
  const effect = runOnce(storage.idempotency, 'k', { leaseSec: 600 }, async () => {
    for await (const { event } of storage.decisionAudit.events({ follow: true })) {
      seen.push(event)
      if (event === 'BEGUN') {
        begun.resolve()
        setTimeout(() => void storage.decisionAudit.record('f', 'LATER'), 20)
      }
    }
    return {}
  })
  await storage.decisionAudit.record('f', 'BEGUN')
  await begun.promise
  const [failure] = await Promise.all([failureOf(effect), storage.close({ drainMs: 500 })])
  expect(failure).toEqual({ code: 'STORAGE_AMBIGUOUS', outcome: 'unknown', retryable: false })
  expect(seen).toEqual(['BEGUN', 'LATER'])
})
