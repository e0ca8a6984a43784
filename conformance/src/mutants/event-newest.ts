import type { AuditEvent, EventFilter, StorageHandle } from '@dir/storage-core'
import type { Mutant } from './mutant.ts'
import { over } from './over.ts'

type Events = StorageHandle['decisionAudit']['events']

/** Breaks `events` where the newest come first. */
const newest = (events: (sound: Events, filter: EventFilter) => AsyncIterable<AuditEvent>) =>
  over(({ decisionAudit }) => ({
    decisionAudit: {
      events: (filter) =>
        filter?.newestFirst === true
          ? events((given) => decisionAudit.events(given), filter)
          : decisionAudit.events(filter),
    },
  }))

export const eventNewestMutants: readonly Mutant[] = [
  {
    id: 'newest-first-of-the-oldest',
    breaks: 'with a limit, newest first gives the oldest ones, reversed',
    from: 'a page that is sorted after it was cut',
    killedBy: 'decision-audit/newest-first-goes-with-each-filter',
    wrap: newest(async function* (events, { newestFirst: _, ...filter }) {
      yield* (await Array.fromAsync(events(filter))).toReversed()
    }),
    async witness({ decisionAudit }) {
      const seqs = await decisionAudit.recordMany(['E', 'F'].map((event) => ({ dfid: 'w', event })))
      const [first] = await Array.fromAsync(decisionAudit.events({ newestFirst: true, limit: 1 }))
      return first?.seq === seqs[0]
    },
  },
  {
    id: 'newest-first-includes-its-cursor',
    breaks: 'newest first, what comes before a number begins with it',
    from: 'seq <= $1',
    killedBy: 'decision-audit/newest-first-goes-through-many-pages',
    wrap: newest((events, { beforeSeq, ...filter }) =>
      events(beforeSeq === undefined ? filter : { ...filter, beforeSeq: beforeSeq + 1 }),
    ),
    async witness({ decisionAudit }) {
      const beforeSeq = await decisionAudit.record('w', 'E')
      return (await Array.fromAsync(decisionAudit.events({ newestFirst: true, beforeSeq }))).length === 1
    },
  },
  {
    id: 'newest-first-within-pages',
    breaks: 'newest first reverses each page, and takes the pages from the oldest on',
    from: 'ORDER BY that is forgotten outside of a subquery',
    killedBy: 'decision-audit/newest-first-goes-through-many-pages',
    wrap: newest(async function* (events, { newestFirst: _, beforeSeq: __, ...filter }) {
      const found = await Array.fromAsync(events(filter))
      for (let first = 0; first < found.length; first += 500)
        yield* found.slice(first, first + 500).toReversed()
    }),
    async witness({ decisionAudit }) {
      const seqs = await decisionAudit.recordMany(
        Array.from({ length: 501 }, () => ({ dfid: 'w', event: 'E' })),
      )
      const [first] = await Array.fromAsync(decisionAudit.events({ newestFirst: true }))
      return first?.seq !== seqs.at(-1)
    },
  },
]
