import type { EventFilter } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { group, range } from './kit.ts'

/** As many events as several pages hold. */
const MANY = 1_150

export const scenarios: readonly Scenario[] = group(
  { level: 'atomic', protocols: ['decisionAudit'], needs: 'empty' },
  [
    {
      id: 'decision-audit/newest-first-goes-with-each-filter',
      title:
        'newestFirst reverses what flow, name, both cursors and limit choose, and limit counts from the newest',
      clause: 'events({ newestFirst, beforeSeq, … }): falling seq; beforeSeq exclusive',
      asserts: 300,
      async run({ storage: { decisionAudit }, assert }) {
        const seqs = await decisionAudit.recordMany(
          range(40).map((n) => ({ dfid: `flow ${((n * 7) % 11) % 3}`, event: `E${((n * 5) % 13) % 3}` })),
        )
        const all = await Array.fromAsync(decisionAudit.events())
        const cursors = [undefined, 0, seqs[0], seqs[15], (seqs[15] ?? 0) + 1, seqs.at(-1), 2 ** 40]
        for (const [dfid, event] of [[], ['flow 1'], [undefined, 'E2'], ['flow 0', 'E1'], ['flow']])
          for (const afterSeq of cursors)
            for (const beforeSeq of cursors)
              for (const [newestFirst, limit] of [[true], [true, 2], [false, 2]] as const) {
                const given = Object.entries({ dfid, event, afterSeq, beforeSeq, newestFirst, limit })
                const filter = Object.fromEntries(given.filter(([, value]) => value !== undefined))
                const chosen = all
                  .filter((one) => (dfid ?? one.dfid) === one.dfid && (event ?? one.event) === one.event)
                  .filter(({ seq }) => seq > (afterSeq ?? 0) && seq < (beforeSeq ?? Infinity))
                const wanted = (newestFirst ? chosen.toReversed() : chosen).slice(0, limit)
                const found = await Array.fromAsync(decisionAudit.events(filter))
                assert.equal(found, wanted, JSON.stringify(filter))
              }
      },
    },
    {
      id: 'decision-audit/newest-first-goes-through-many-pages',
      title:
        'newest first, every event comes once, however many there are, and who stops goes on before the last one seen',
      clause: 'events({ newestFirst }): page by page; beforeSeq',
      asserts: 4,
      async run({ storage: { decisionAudit }, assert }) {
        const seqs: number[] = []
        for (let n = 0; n < MANY; n += 230)
          seqs.push(
            ...(await decisionAudit.recordMany(
              range(230).map((i) => ({ dfid: `flow ${(n + i) % 2}`, event: `E${(n + i) % 3}` })),
            )),
          )
        const seen = async (filter: EventFilter) =>
          (await Array.fromAsync(decisionAudit.events({ newestFirst: true, ...filter }))).map(
            ({ seq }) => seq,
          )
        assert.equal(await seen({}), seqs.toReversed(), 'all')
        const odd = seqs.filter((_, n) => n % 2 === 1)
        assert.equal(await seen({ dfid: 'flow 1' }), odd.toReversed(), 'those of a flow')
        const some = seqs.filter((_, n) => n % 3 === 2)
        assert.equal(await seen({ event: 'E2', limit: 300 }), some.toReversed().slice(0, 300), 'of a name')
        const first = await seen({ limit: 501 })
        const rest = await seen({ beforeSeq: first.at(-1) ?? 0 })
        assert.equal([...first, ...rest], seqs.toReversed(), 'in two goes')
      },
    },
  ],
)
