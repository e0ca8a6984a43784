import type { AuditEvent } from '@dir/storage-core'
import type { Mutant } from './mutant.ts'
import { over, overShared } from './over.ts'
import { pause } from './seed-store.ts'

export const eventOrderMutants: readonly Mutant[] = [
  {
    id: 'cursor-includes-its-start',
    breaks: 'events after a seq begin with the event of that seq',
    from: 'seq >= $1',
    killedBy: 'decision-audit/a-reader-goes-on-after-the-last-number-it-saw',
    wrap: over(({ decisionAudit }) => ({
      decisionAudit: {
        events: (filter) => {
          const { afterSeq } = filter ?? {}
          const before = typeof afterSeq === 'number' && afterSeq > 0 ? { afterSeq: afterSeq - 1 } : {}
          return decisionAudit.events(filter === undefined ? filter : { ...filter, ...before })
        },
      },
    })),
    async witness({ decisionAudit }) {
      const seq = await decisionAudit.record('w', 'E')
      return (await Array.fromAsync(decisionAudit.events({ afterSeq: seq }))).length === 1
    },
  },
  {
    id: 'seq-per-flow',
    breaks: 'every flow counts its events from 1',
    from: 'COUNT(*) + 1, or MAX(seq) + 1 of the flow',
    killedBy: 'decision-audit/events-are-in-the-order-of-insertion',
    wrap: over(({ decisionAudit }) => {
      const renumber = (events: AuditEvent[]): AuditEvent[] => {
        const counts = new Map<string, number>()
        return events.map((event) => {
          const seq = (counts.get(event.dfid) ?? 0) + 1
          counts.set(event.dfid, seq)
          return { ...event, seq }
        })
      }
      return {
        decisionAudit: {
          async record(dfid, ...rest) {
            await decisionAudit.record(dfid, ...rest)
            return (await decisionAudit.eventsForDfid(dfid)).length
          },
          eventsForDfid: async (dfid) => renumber(await decisionAudit.eventsForDfid(dfid)),
          allEventsChronological: async () => renumber(await decisionAudit.allEventsChronological()),
        },
      }
    }),
    async witness({ decisionAudit }) {
      return (await decisionAudit.record('w1', 'E')) === (await decisionAudit.record('w2', 'E'))
    },
  },
  {
    id: 'seq-given-before-it-is-visible',
    breaks: 'an event may become visible after one with a higher seq, so that a reader who goes on misses it',
    from: 'serial columns: 13 % of the events lost to readers (eventstore, marten, eventuous)',
    killedBy: 'decision-audit/a-reader-goes-on-after-the-last-number-it-saw',
    wrap: overShared(
      () => new Set<number>(),
      ({ decisionAudit }, hidden) => ({
        decisionAudit: {
          async record(...args) {
            const seq = await decisionAudit.record(...args)
            if (seq % 3 !== 0) return seq
            hidden.add(seq)
            await pause()
            await pause()
            hidden.delete(seq)
            return seq
          },
          async *events(filter) {
            for await (const event of decisionAudit.events(filter)) if (!hidden.has(event.seq)) yield event
          },
        },
      }),
    ),
    async witness({ decisionAudit }, open) {
      const other = await open()
      const early: number[] = []
      const writing = Promise.all([1, 2, 3, 4, 5, 6].map(() => other.decisionAudit.record('w', 'E')))
      for (let left = 20; left > 0; left--) {
        const filter = { afterSeq: early.at(-1) ?? 0 }
        for await (const { seq } of decisionAudit.events(filter)) early.push(seq)
        await new Promise(setImmediate)
      }
      return early.length < (await writing).length
    },
  },
  {
    id: 'events-grouped-by-flow',
    breaks: 'all events come flow by flow, not in the order in which they were recorded',
    from: 'an index that answers the query',
    killedBy: 'decision-audit/events-are-in-the-order-of-insertion',
    wrap: over(({ decisionAudit }) => ({
      decisionAudit: {
        allEventsChronological: async () =>
          (await decisionAudit.allEventsChronological()).sort((a, b) =>
            a.dfid < b.dfid ? -1 : Number(a.dfid > b.dfid),
          ),
      },
    })),
    async witness({ decisionAudit }) {
      for (const dfid of ['w2', 'w1']) await decisionAudit.record(dfid, 'E')
      return (await decisionAudit.allEventsChronological())[0]?.dfid === 'w1'
    },
  },
  {
    id: 'event-limit-one-short',
    breaks: 'a limit on events gives one less',
    from: 'a page that is cut before its last row',
    killedBy: 'decision-audit/events-are-filtered',
    wrap: over(({ decisionAudit }) => ({
      decisionAudit: {
        events(filter) {
          const limit = filter?.limit
          return decisionAudit.events(
            limit !== undefined && limit > 0 ? { ...filter, limit: limit - 1 } : filter,
          )
        },
      },
    })),
    async witness({ decisionAudit }) {
      await decisionAudit.record('w', 'E')
      return (await Array.fromAsync(decisionAudit.events({ limit: 1 }))).length === 0
    },
  },
  {
    id: 'events-appear-late',
    breaks: 'an event is not in its flow yet when record has answered',
    from: 'reads from a replica',
    killedBy: 'decision-audit/event-is-seen-by-a-later-handle',
    wrap: overShared(
      () => new Set<number>(),
      ({ decisionAudit }, late) => ({
        decisionAudit: {
          async record(...args) {
            const seq = await decisionAudit.record(...args)
            late.add(seq)
            setImmediate(() => late.delete(seq))
            return seq
          },
          eventsForDfid: async (dfid) =>
            (await decisionAudit.eventsForDfid(dfid)).filter(({ seq }) => !late.has(seq)),
        },
      }),
    ),
    async witness({ decisionAudit }) {
      await decisionAudit.record('w', 'E')
      return (await decisionAudit.eventsForDfid('w')).length === 0
    },
  },
  {
    id: 'events-frozen-at-the-start',
    breaks: 'going through the events shows those that were there at the start',
    from: 'a list behind an iterator',
    killedBy: 'decision-audit/events-sees-what-is-there-when-it-gets-there',
    wrap: over(({ decisionAudit }) => ({
      decisionAudit: {
        async *events(filter) {
          yield* await Array.fromAsync(decisionAudit.events(filter))
        },
      },
    })),
    async witness({ decisionAudit }) {
      await decisionAudit.record('w', 'E')
      const seen: number[] = []
      for await (const { seq } of decisionAudit.events())
        if (seen.push(seq) === 1) await decisionAudit.record('w', 'F')
      return seen.length === 1
    },
  },
]
