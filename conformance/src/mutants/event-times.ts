import type { AuditEvent, EventFilter, StorageHandle } from '@dir/storage-core'
import { event, plant, timeAt } from '../scenarios/plant.ts'
import { asking, listing } from './listing.ts'
import type { Mutant } from './mutant.ts'
import { over } from './over.ts'

type Audit = StorageHandle['decisionAudit']
type Read = (filter: EventFilter) => Promise<AuditEvent[]>

/** Changes what is asked for. */
const asked = (change: (filter: EventFilter) => EventFilter): Mutant['wrap'] =>
  listing<AuditEvent, EventFilter>('decisionAudit', 'events', asking(change))

/** Changes what is answered where a time is asked for. */
const timed = (change: (read: Read, filter: EventFilter) => Promise<AuditEvent[]>): Mutant['wrap'] =>
  over(({ decisionAudit }) => ({
    decisionAudit: {
      events(filter) {
        if (filter?.from === undefined && filter?.until === undefined) return decisionAudit.events(filter)
        return (async function* () {
          const all = await Array.fromAsync(decisionAudit.events(filter)) // what is malformed is refused
          yield* filter.limit === undefined || filter.limit > 0
            ? await change((other) => Array.fromAsync(decisionAudit.events(other)), filter)
            : all
        })()
      },
    },
  }))

const count = async (audit: Audit, filter: EventFilter): Promise<number> =>
  (await Array.fromAsync(audit.events(filter))).length

const seqs = async (audit: Audit, filter: EventFilter): Promise<string> =>
  (await Array.fromAsync(audit.events(filter))).map(({ seq }) => seq).join()

const given = ({ limit: _, ...filter }: EventFilter): EventFilter => filter

export const eventTimesMutants: readonly Mutant[] = [
  {
    id: 'newest-first-of-any-agent',
    breaks: 'newest first, the events of all agents come',
    from: 'a condition that stands in one of two queries',
    killedBy: 'decision-audit/events-by-agent',
    wrap: over(({ decisionAudit }) => ({
      decisionAudit: {
        events(filter) {
          if (filter?.newestFirst !== true) return decisionAudit.events(filter)
          const { agentId: _, ...rest } = filter
          return decisionAudit.events(rest)
        },
      },
    })),
    async witness({ decisionAudit }) {
      await decisionAudit.record('w', 'E', { agentId: 'a' })
      return (await count(decisionAudit, { agentId: 'b', newestFirst: true })) > 0
    },
  },
  {
    id: 'agent-forgotten-beside-a-flow',
    breaks: 'with a flow, the events of all its agents come',
    from: 'an index by flow that is looked through without the other condition',
    killedBy: 'decision-audit/events-by-agent',
    wrap: asked(({ agentId, ...rest }) =>
      rest.dfid !== undefined || agentId === undefined ? rest : { ...rest, agentId },
    ),
    async witness({ decisionAudit }) {
      await decisionAudit.record('w', 'E', { agentId: 'a' })
      return (await count(decisionAudit, { agentId: 'b', dfid: 'w' })) > 0
    },
  },
  {
    id: 'many-events-forget-their-agents',
    breaks: 'recordMany does not keep whose doing an event is',
    from: 'a column that one of two inserts has',
    killedBy: 'decision-audit/events-by-agent',
    wrap: over(({ decisionAudit }) => ({
      decisionAudit: {
        recordMany: (events) =>
          decisionAudit.recordMany(
            Array.isArray(events)
              ? events.map((one) => {
                  if (typeof one?.agentId !== 'string' || one.agentId.includes('\0')) return one
                  const { agentId, ...rest } = one
                  return agentId === '' ? one : rest
                })
              : events,
          ),
      },
    })),
    async witness({ decisionAudit }) {
      await decisionAudit.recordMany([{ dfid: 'w', event: 'E', agentId: 'a' }])
      return (await count(decisionAudit, { agentId: 'a' })) === 0
    },
  },
  {
    id: 'a-follower-takes-every-agent',
    breaks: 'who follows an agent gets the events of all',
    from: 'a notification that is passed on without the filter',
    killedBy: 'decision-audit/a-follower-waits-for-more',
    wrap: over(({ decisionAudit }) => ({
      decisionAudit: {
        events(filter) {
          if (filter?.follow !== true) return decisionAudit.events(filter)
          const { agentId: _, ...rest } = filter
          return decisionAudit.events(rest)
        },
      },
    })),
    async witness({ decisionAudit }) {
      await decisionAudit.record('w', 'E', { agentId: 'a' })
      const filter = { agentId: 'b', follow: true, limit: 1, signal: AbortSignal.timeout(500) }
      return (await count(decisionAudit, filter)) > 0
    },
  },
  {
    id: 'an-import-forgets-agents',
    breaks: 'an import does not keep whose doing an event is',
    from: 'a field that the other way does not have',
    killedBy: 'transfer/a-copy-is-exact',
    capability: 'export',
    wrap: over((sound) => ({
      importRecords: (records, options) =>
        sound.importRecords(
          Array.isArray(records)
            ? records.map((one) =>
                one?.type === 'event' && !('unfit' in one) ? { ...one, agentId: undefined } : one,
              )
            : records,
          options,
        ),
    })),
    async witness(storage) {
      await plant(storage, [event(1, 'w', { agentId: 'a' })])
      return (await count(storage.decisionAudit, { agentId: 'a' })) === 0
    },
  },
  {
    id: 'from-after-its-moment',
    breaks: 'from leaves out the events of that very moment',
    from: 'timestamp > $1',
    killedBy: 'decision-audit/events-from-now-on',
    wrap: timed(async (read, filter) => {
      const found = await read(given(filter))
      return found.filter(({ timestamp }) => timestamp !== filter.from).slice(0, filter.limit)
    }),
    async witness({ decisionAudit }) {
      await decisionAudit.record('w', 'E')
      const [one] = await Array.fromAsync(decisionAudit.events())
      return (await count(decisionAudit, { from: one?.timestamp ?? '' })) === 0
    },
  },
  {
    id: 'until-with-its-moment',
    breaks: 'until takes the events of that very moment',
    from: 'BETWEEN',
    killedBy: 'decision-audit/events-by-time',
    capability: 'export',
    wrap: timed(async (read, { until, limit, newestFirst, ...filter }) => {
      const { from = '0001-01-01', ...rest } = filter
      const found = await read({ ...rest, from })
      const inside = found.filter(({ timestamp }) => until === undefined || (timestamp ?? '') <= until)
      return (newestFirst === true ? inside.toReversed() : inside).slice(0, limit)
    }),
    async witness(storage) {
      await plant(storage, [event(1, 'w', { timestamp: timeAt(0) })])
      return (await count(storage.decisionAudit, { until: timeAt(0) })) > 0
    },
  },
  {
    id: 'times-in-the-order-of-seq',
    breaks: 'what is chosen by time comes in the order of seq',
    from: 'ORDER BY id, because clocks never step back',
    killedBy: 'decision-audit/events-by-time',
    capability: 'export',
    wrap: timed(async (read, filter) => {
      const found = (await read(given(filter))).toSorted((one, other) => one.seq - other.seq)
      return (filter.newestFirst === true ? found.toReversed() : found).slice(0, filter.limit)
    }),
    async witness(storage) {
      await plant(storage, [event(1, 'w', { timestamp: timeAt(5) }), event(2, 'w', { timestamp: timeAt(0) })])
      return (await seqs(storage.decisionAudit, { from: timeAt(0) })) === '1,2'
    },
  },
  {
    id: 'equal-times-always-rise',
    breaks: 'newest first, events of one moment come in rising order of seq',
    from: 'ORDER BY timestamp DESC, id',
    killedBy: 'decision-audit/events-by-time',
    capability: 'export',
    wrap: timed(async (read, filter) => {
      const found = await read(given(filter))
      const sorted = found.toSorted((one, other) =>
        one.timestamp === other.timestamp ? one.seq - other.seq : 0,
      )
      return sorted.slice(0, filter.limit)
    }),
    async witness(storage) {
      await plant(storage, [event(1, 'w'), event(2, 'w')])
      return (await seqs(storage.decisionAudit, { from: timeAt(0), newestFirst: true })) === '1,2'
    },
  },
  {
    id: 'pages-go-on-after-a-moment',
    breaks:
      'by time, a page begins after the moment of the last event before it, and leaves out what shares it',
    from: 'a cursor that is a time',
    killedBy: 'decision-audit/events-by-time-and-agent-go-through-many-pages',
    capability: 'export',
    wrap: timed(async (read, filter) => {
      const found = await read(given(filter))
      const last = found[499]?.timestamp
      return found.filter(({ timestamp }, n) => n < 500 || timestamp !== last).slice(0, filter.limit)
    }),
    async witness(storage) {
      await plant(
        storage,
        Array.from({ length: 501 }, (_, n) => event(n + 1, 'w')),
      )
      return (await count(storage.decisionAudit, { from: timeAt(0) })) === 500
    },
  },
]
