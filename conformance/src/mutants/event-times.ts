import type { AuditEvent, EventFilter, StorageHandle } from '@dir/storage-core'
import { event, plant, timeAt } from '../scenarios/plant.ts'
import { count } from './event-agents.ts'
import type { Mutant } from './mutant.ts'
import { over } from './over.ts'

type Audit = StorageHandle['decisionAudit']
type Read = (filter: EventFilter) => Promise<AuditEvent[]>

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

const seqs = async (audit: Audit, filter: EventFilter): Promise<string> =>
  (await Array.fromAsync(audit.events(filter))).map(({ seq }) => seq).join()

const given = ({ limit: _, ...filter }: EventFilter): EventFilter => filter

export const eventTimesMutants: readonly Mutant[] = [
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
      const { from = '0000-01-01', ...rest } = filter
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
