import type { AuditEvent, DecisionAuditStorage, EventFilter } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { group, range } from './kit.ts'
import { event, plant, timeAt } from './plant.ts'

/** As many events as several pages hold. */
const MANY = 1_150

const read = (audit: DecisionAuditStorage, filter: EventFilter = {}): Promise<AuditEvent[]> =>
  Array.fromAsync(audit.events(filter))

const given = (filter: Readonly<Record<string, unknown>>): EventFilter =>
  Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined))

/** In the order of time, then of seq. */
const byTime = (one: AuditEvent, other: AuditEvent): number =>
  one.timestamp === other.timestamp
    ? one.seq - other.seq
    : (one.timestamp ?? '') < (other.timestamp ?? '')
      ? -1
      : 1

/** What flow, name and agent choose. */
const chosen = (all: readonly AuditEvent[], { dfid, event: name, agentId }: EventFilter): AuditEvent[] =>
  all.filter(
    (one) =>
      (dfid ?? one.dfid) === one.dfid &&
      (name ?? one.event) === one.event &&
      (agentId === undefined || agentId === one.agentId),
  )

const some = (n: number): { readonly dfid: string; readonly event: string; readonly agentId?: string } => {
  const agent = ((n * 11) % 17) % 4
  return {
    dfid: `flow ${((n * 7) % 11) % 3}`,
    event: `E${((n * 5) % 13) % 3}`,
    ...(agent === 3 ? {} : { agentId: `agent ${agent}` }),
  }
}

const FILTERS: readonly EventFilter[] = [
  {},
  { dfid: 'flow 1' },
  { event: 'E2' },
  { agentId: 'agent 1' },
  { agentId: 'agent' },
  { dfid: 'flow 0', agentId: 'agent 0' },
  { dfid: 'flow 2', event: 'E0', agentId: 'agent 2' },
]

const ORDERS = [{}, { limit: 2 }, { newestFirst: true }, { newestFirst: true, limit: 3 }]

export const scenarios: readonly Scenario[] = group(
  { level: 'atomic', protocols: ['decisionAudit'], needs: 'empty' },
  [
    {
      id: 'decision-audit/events-by-agent',
      title:
        'an event shows the agent that caused it, and agentId finds it by that, beside each other filter',
      clause: 'record(dfid, event, { agentId }); events({ agentId, … })',
      asserts: 250,
      async run({ storage: { decisionAudit }, assert }) {
        const one = await decisionAudit.record('flow 1', 'E2', { agentId: 'agent 1' })
        const none = await decisionAudit.record('flow 1', 'E2')
        const seqs = [one, none, ...(await decisionAudit.recordMany(range(40).map(some)))]
        const all = await read(decisionAudit)
        const agents = all.map(({ agentId }) => agentId)
        assert.equal(
          agents,
          ['agent 1', null, ...range(40).map((n) => some(n).agentId ?? null)],
          'the agents of the events',
        )
        for (const filter of FILTERS)
          for (const afterSeq of [undefined, one, seqs[15], seqs.at(-1)])
            for (const beforeSeq of [undefined, one, seqs[15], 2 ** 40])
              for (const { newestFirst, limit } of ORDERS as EventFilter[]) {
                const asked = given({ ...filter, afterSeq, beforeSeq, newestFirst, limit })
                const between = chosen(all, filter).filter(
                  ({ seq }) => seq > (afterSeq ?? 0) && seq < (beforeSeq ?? Infinity),
                )
                const wanted = (newestFirst === true ? between.toReversed() : between).slice(0, limit)
                assert.equal(await read(decisionAudit, asked), wanted, JSON.stringify(asked))
              }
      },
    },
    {
      id: 'decision-audit/events-from-now-on',
      title: 'from and until choose by the times that the events show',
      clause: 'events({ from, until }): from that moment on, and before it',
      asserts: 3,
      async run({ storage: { decisionAudit }, assert }) {
        for (const n of range(9)) await decisionAudit.record('flow', `E${n}`)
        const all = (await read(decisionAudit)).toSorted(byTime)
        const moment = all[4]?.timestamp ?? ''
        const isBefore = ({ timestamp }: AuditEvent): boolean => (timestamp ?? '') < moment
        assert.equal(
          await read(decisionAudit, { from: moment }),
          all.filter((one) => !isBefore(one)),
          'from a moment on',
        )
        assert.equal(await read(decisionAudit, { until: moment }), all.filter(isBefore), 'before a moment')
        assert.equal(await read(decisionAudit, { from: moment, until: moment }), [], 'no time')
      },
    },
    {
      id: 'decision-audit/events-by-time',
      title:
        'by time, events come in the order of their times, then of seq, from one moment to before another',
      clause: 'events({ from, until, newestFirst, … }): by time, then seq; until exclusive',
      capabilities: ['export'],
      asserts: 700,
      async run({ storage, assert }) {
        const { decisionAudit } = storage
        // a clock that steps back, and moments that many share
        const time = (n: number): string => timeAt(100 + ((n * 7) % 12))
        const far = ['9999-12-31T23:59:59.999999Z', '0001-01-01T00:00:00.000000Z']
        await plant(storage, [
          ...range(40).map((n) => {
            const { dfid, ...more } = some(n)
            return event(3 * n + 1, dfid, { ...more, timestamp: time(n) })
          }),
          ...far.map((timestamp, n) => event(200 + n, 'far', { timestamp })),
        ])
        const all = (await read(decisionAudit)).toSorted(byTime)
        const first = timeAt(106)
        const later = first.replace(/(\d)Z$/, (_, digit) => `${Number(digit) + 1}Z`) // by a microsecond
        const moments = [undefined, timeAt(0), timeAt(100), first, later, timeAt(111), timeAt(200)]
        for (const filter of FILTERS)
          for (const from of moments)
            for (const until of moments.filter((moment) => moment !== from || moment !== undefined))
              for (const { newestFirst, limit } of ORDERS as EventFilter[]) {
                const asked = given({ ...filter, from, until, newestFirst, limit })
                const inside = chosen(all, filter).filter(
                  ({ timestamp }) =>
                    (timestamp ?? '') >= (from ?? '') && (until === undefined || (timestamp ?? '') < until),
                )
                const wanted = (newestFirst === true ? inside.toReversed() : inside).slice(0, limit)
                assert.equal(await read(decisionAudit, asked), wanted, JSON.stringify(asked))
              }
      },
    },
    {
      id: 'decision-audit/events-by-time-and-agent-go-through-many-pages',
      title:
        'by time, flow and agent, every event comes once, however many there are and however many share a moment',
      clause: 'events({ from, dfid, agentId }): page by page',
      capabilities: ['export'],
      asserts: 10,
      async run({ storage, assert }) {
        const { decisionAudit } = storage
        const isLate = (n: number): boolean => n % 20 === 0
        await plant(
          storage,
          range(MANY).map((n) =>
            event(n + 1, `flow ${n % 2}`, {
              agentId: n % 9 === 0 ? 'other' : 'agent',
              timestamp: timeAt(isLate(n) ? 1 : 0),
            }),
          ),
        )
        const all = (await read(decisionAudit)).toSorted(byTime)
        for (const newestFirst of [false, true])
          for (const filter of [
            {},
            { from: timeAt(0) },
            { from: timeAt(0), agentId: 'agent' },
            { from: timeAt(0), dfid: 'flow 1' },
            { agentId: 'agent' },
          ]) {
            const sorted = 'from' in filter ? all : all.toSorted((one, other) => one.seq - other.seq)
            const wanted = chosen(sorted, filter)
            const seen = await read(decisionAudit, { ...filter, newestFirst })
            assert.equal(
              seen.map(({ seq }) => seq),
              (newestFirst ? wanted.toReversed() : wanted).map(({ seq }) => seq),
              JSON.stringify({ ...filter, newestFirst }),
            )
          }
      },
    },
  ],
)
