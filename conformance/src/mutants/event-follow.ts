import type { AuditEvent, EventFilter, StorageHandle } from '@dir/storage-core'
import type { Mutant } from './mutant.ts'
import { over } from './over.ts'

/** Breaks `events` where somebody follows. */
const following = (events: (sound: StorageHandle, filter: EventFilter) => AsyncIterable<AuditEvent>) =>
  over((sound) => ({
    decisionAudit: {
      events: (filter) =>
        filter?.follow === true ? events(sound, filter) : sound.decisionAudit.events(filter),
    },
  }))

/** The numbers that a follower sees before a second is over, while `act` goes on. */
async function seenBy(
  { decisionAudit }: StorageHandle,
  filter: EventFilter,
  act: () => Promise<unknown> = async () => {},
): Promise<number[]> {
  const seen: number[] = []
  const reading = (async () => {
    const signal = AbortSignal.timeout(1_000)
    for await (const { seq } of decisionAudit.events({ ...filter, follow: true, signal })) seen.push(seq)
  })()
  await act()
  await reading
  return seen
}

export const eventFollowMutants: readonly Mutant[] = [
  {
    id: 'follow-ends-at-the-end',
    breaks: 'who follows gets what is there, and no more',
    from: 'an option that one of several readers forgets',
    killedBy: 'decision-audit/a-follower-waits-for-more',
    wrap: following(({ decisionAudit }, { follow: _, ...filter }) => decisionAudit.events(filter)),
    async witness(storage) {
      const events = storage.decisionAudit.events({ follow: true, signal: AbortSignal.timeout(1_000) })
      const next = events[Symbol.asyncIterator]().next()
      await new Promise((resolve) => setTimeout(resolve, 100))
      await storage.decisionAudit.record('w', 'E')
      return (await next).done === true
    },
  },
  {
    id: 'follow-begins-after-it-has-read',
    breaks: 'what is recorded between the last look and the beginning of the wait is never seen',
    from: 'a subscription that begins after the catch-up',
    killedBy: 'decision-audit/followers-miss-none-of-many-writers',
    wrap: following(async function* ({ decisionAudit }, filter) {
      const { follow: _, ...rest } = filter
      yield* decisionAudit.events(rest)
      await new Promise((resolve) => setTimeout(resolve, 20))
      const [last] = await Array.fromAsync(decisionAudit.events({ newestFirst: true, limit: 1 }))
      yield* decisionAudit.events({ ...filter, afterSeq: last?.seq ?? 0 })
    }),
    async witness(storage) {
      const seqs: number[] = []
      const seen = await seenBy(storage, {}, async () => {
        for (let n = 0; n < 20; n++) seqs.push(await storage.decisionAudit.record('w', 'E'))
      })
      return seen.length < seqs.length
    },
  },
  {
    id: 'follow-forgets-the-filter',
    breaks: 'once it waits, a follower of one flow gets the events of all',
    from: 'a notification that carries its event',
    killedBy: 'decision-audit/a-follower-waits-for-more',
    wrap: following(async function* ({ decisionAudit }, { dfid, event, ...filter }) {
      const { follow: _, ...there } = filter
      let { afterSeq } = filter
      for await (const one of decisionAudit.events(there)) {
        if ((dfid ?? one.dfid) === one.dfid && (event ?? one.event) === one.event) yield one
        afterSeq = one.seq
      }
      yield* decisionAudit.events(afterSeq === undefined ? filter : { ...filter, afterSeq })
    }),
    async witness(storage) {
      const seq = await storage.decisionAudit.record('other', 'E')
      const act = () => storage.decisionAudit.record('other', 'E')
      return (await seenBy(storage, { dfid: 'w', afterSeq: seq }, act)).length > 0
    },
  },
  {
    id: 'follow-repeats-the-last',
    breaks: 'a follower that has waited gets the last event that it saw once more',
    from: 'at-least-once delivery',
    killedBy: 'decision-audit/followers-miss-none-of-many-writers',
    wrap: following(async function* ({ decisionAudit }, filter) {
      const { follow: _, ...there } = filter
      const seen = await Array.fromAsync(decisionAudit.events(there))
      yield* seen
      const afterSeq = Math.max(0, (seen.at(-1)?.seq ?? filter.afterSeq ?? 0) - 1)
      yield* decisionAudit.events({ ...filter, afterSeq })
    }),
    async witness(storage) {
      await storage.decisionAudit.record('w', 'E')
      return (await seenBy(storage, {})).length === 2
    },
  },
  {
    id: 'follow-hears-no-signal-while-it-waits',
    breaks: 'the signal is looked at only when an event comes',
    from: 'a flag that is checked in a loop',
    killedBy: 'decision-audit/a-follower-ends',
    wrap: following(async function* ({ decisionAudit }, { signal, ...filter }) {
      for await (const event of decisionAudit.events(filter)) {
        if (signal?.aborted === true) return
        yield event
      }
    }),
    async witness({ decisionAudit }) {
      const stop = new AbortController()
      const next = decisionAudit.events({ follow: true, signal: stop.signal })[Symbol.asyncIterator]().next()
      stop.abort()
      const waits = new Promise<'waits'>((resolve) => setTimeout(resolve, 500, 'waits'))
      const first = await Promise.race([next, waits])
      await decisionAudit.record('w', 'E')
      await next
      return first === 'waits'
    },
  },
  {
    id: 'follow-waits-on-a-closed-handle',
    breaks: 'who waits for more is not told that the handle closes',
    from: 'a listener that nobody ends',
    killedBy: 'decision-audit/a-follower-learns-that-the-handle-closes',
    wrap: following(async function* ({ decisionAudit }, filter) {
      try {
        yield* decisionAudit.events(filter)
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 60_000).unref())
      }
    }),
    async witness(_, open) {
      const closing = await open()
      const events = closing.decisionAudit.events({ follow: true })
      const told = events[Symbol.asyncIterator]()
        .next()
        .catch(() => 'told')
      await closing.close()
      const waits = new Promise((resolve) => setTimeout(resolve, 500, 'waits'))
      return (await Promise.race([told, waits])) === 'waits'
    },
  },
]
