import type { AuditEvent, DecisionAuditStorage, EventFilter } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { group, range } from './kit.ts'

const FLOWS = ['a', 'b', 'A', 'a ']
const NAMES = ['E', 'F', 'e', '', 'E ']
const EVENTS = range(60).map((n) => ({
  dfid: FLOWS[((n * 7) % 11) % 4] ?? '',
  event: NAMES[((n * 5) % 13) % 5] ?? '',
  details: { n },
}))

/** What a reader gets, and one more than is `enough`: one that does not end by itself is left there. */
async function read(audit: DecisionAuditStorage, filter: EventFilter, enough: number): Promise<AuditEvent[]> {
  const events: AuditEvent[] = []
  for await (const event of audit.events(filter)) {
    events.push(event)
    if (events.length > enough) break
  }
  return events
}

/** As many as a page holds, one more and one less, where pages have a round number of events. */
const BORDERS = [99, 100, 101, 499, 500, 501, 999, 1_000, 1_001]

export const scenarios: readonly Scenario[] = group(
  { level: 'atomic', protocols: ['decisionAudit'], needs: 'empty' },
  [
    {
      id: 'decision-audit/each-filter-goes-with-each-cursor',
      title: 'flow, name, number and limit choose together, whichever of them are given',
      clause: 'events({ dfid?, event?, afterSeq?, limit? })',
      asserts: 200,
      async run({ storage: { decisionAudit }, assert }) {
        await decisionAudit.recordMany(EVENTS)
        const all = await read(decisionAudit, {}, EVENTS.length)
        const seqs = all.map(({ seq }) => seq)
        const cursors = [
          undefined,
          0,
          seqs[0],
          (seqs[20] ?? 0) - 1,
          seqs[20],
          seqs.at(-2),
          seqs.at(-1),
          2 ** 40,
        ]
        for (const dfid of [undefined, 'a', 'b', 'c'])
          for (const event of [undefined, 'E', '', 'G'])
            for (const afterSeq of cursors)
              for (const limit of [undefined, 0, 1, 3]) {
                const given = Object.entries({ dfid, event, afterSeq, limit })
                const filter = Object.fromEntries(given.filter(([, value]) => value !== undefined))
                const wanted = all
                  .filter((one) => (dfid ?? one.dfid) === one.dfid && (event ?? one.event) === one.event)
                  .filter((one) => one.seq > (afterSeq ?? 0))
                  .slice(0, limit)
                assert.equal(await read(decisionAudit, filter, wanted.length), wanted, JSON.stringify(filter))
              }
      },
    },
    {
      id: 'decision-audit/a-limit-may-end-anywhere-in-a-page',
      title: 'a limit gives exactly so many events, beginning after any number, with a filter or without',
      clause: 'events: limit; afterSeq exclusive',
      asserts: 4 * BORDERS.length,
      async run({ storage: { decisionAudit }, assert }) {
        const seqs = await decisionAudit.recordMany(
          range(2_010).map((n) => ({ dfid: `flow ${n % 2}`, event: 'E' })),
        )
        const seen = async (filter: EventFilter) =>
          (await Array.fromAsync(decisionAudit.events(filter))).map(({ seq }) => seq)
        const even = seqs.filter((_, n) => n % 2 === 0)
        for (const border of BORDERS) {
          const afterSeq = seqs[border - 1] ?? 0
          assert.equal(await seen({ limit: border }), seqs.slice(0, border), `the first ${border}`)
          assert.equal(await seen({ afterSeq, limit: border }), seqs.slice(border, 2 * border), 'the next')
          const ofFlow = { dfid: 'flow 0', event: 'E' }
          assert.equal(await seen({ ...ofFlow, limit: border }), even.slice(0, border), 'those of a flow')
          const after = even.filter((seq) => seq > afterSeq)
          assert.equal(await seen({ ...ofFlow, afterSeq }), after, `those of a flow after ${border}`)
        }
      },
    },
  ],
)
