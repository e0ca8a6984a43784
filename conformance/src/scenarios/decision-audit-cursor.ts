import type { AuditEvent, DecisionAuditStorage, EventFilter } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { group, range } from './kit.ts'

const read = (audit: DecisionAuditStorage, filter?: EventFilter): Promise<AuditEvent[]> =>
  Array.fromAsync(audit.events(filter))

const names = (events: readonly AuditEvent[]): string[] => events.map(({ event }) => event)

/** As many events as several pages hold. */
const MANY = 1_150

export const scenarios: readonly Scenario[] = group({ level: 'atomic', protocols: ['decisionAudit'] }, [
  {
    id: 'decision-audit/events-are-filtered',
    title: 'events gives those of the flow and the name asked for, after a number, up to a limit',
    clause: 'events({ dfid?, event?, afterSeq?, limit? }): afterSeq exclusive',
    needs: 'empty',
    asserts: 14,
    async run({ storage: { decisionAudit }, assert }) {
      const seqs = await decisionAudit.recordMany(
        ['a', 'b', 'a', 'b', 'c', 'a'].map((event, n) => ({ dfid: n < 4 ? 'x' : 'y', event })),
      )
      const all = await decisionAudit.allEventsChronological()
      const afterSeq = seqs[2] ?? 0
      const cases: [EventFilter | undefined, number[]][] = [
        [undefined, [0, 1, 2, 3, 4, 5]],
        [{}, [0, 1, 2, 3, 4, 5]],
        [{ dfid: 'x' }, [0, 1, 2, 3]],
        [{ event: 'a' }, [0, 2, 5]],
        [{ dfid: 'x', event: 'b' }, [1, 3]],
        [{ dfid: 'X' }, []],
        [{ event: 'a ' }, []],
        [{ afterSeq }, [3, 4, 5]],
        [{ event: 'a', afterSeq }, [5]],
        [{ limit: 0 }, []],
        [{ limit: 2 }, [0, 1]],
        [{ event: 'a', limit: 2 }, [0, 2]],
        [{ dfid: 'x', event: 'a', afterSeq: 0, limit: 1 }, [0]],
        [{ afterSeq: seqs[5] ?? 0 }, []],
      ]
      for (const [filter, positions] of cases)
        assert.equal(
          await read(decisionAudit, filter),
          positions.map((position) => all[position]),
          JSON.stringify(filter) ?? 'no filter',
        )
    },
  },
  {
    id: 'decision-audit/events-goes-through-many-pages',
    title: 'events gives every event once and in order, however many there are',
    clause: 'events: an async iterable of any size; seq rises',
    needs: 'empty',
    asserts: 5,
    async run({ storage: { decisionAudit }, assert }) {
      const seqs: number[] = []
      for (let n = 0; n < MANY; n += 230)
        seqs.push(
          ...(await decisionAudit.recordMany(
            range(230).map((i) => ({ dfid: `flow ${(n + i) % 2}`, event: `kind ${(n + i) % 3}` })),
          )),
        )
      const at = (filter: (n: number) => boolean): number[] => seqs.filter((_, n) => filter(n))
      const seen = async (filter?: EventFilter) => (await read(decisionAudit, filter)).map(({ seq }) => seq)
      assert.equal(await seen(), seqs, 'all')
      assert.equal(
        await seen({ event: 'kind 1' }),
        at((n) => n % 3 === 1),
        'every third',
      )
      assert.equal(
        await seen({ dfid: 'flow 1', event: 'kind 2', limit: 150 }),
        at((n) => n % 2 === 1 && n % 3 === 2).slice(0, 150),
        'every sixth, up to a limit',
      )
      assert.equal(
        await seen({ limit: 1_001, afterSeq: seqs[99] ?? 0 }),
        seqs.slice(100, 1_101),
        'a thousand and one',
      )
      const all = await decisionAudit.allEventsChronological()
      assert.equal(
        all.map(({ seq }) => seq),
        seqs,
        'allEventsChronological',
      )
    },
  },
  {
    id: 'decision-audit/events-sees-what-is-there-when-it-gets-there',
    title: 'events recorded while a reader is on its way are part of what it reads',
    clause: 'events: what is there when it gets there',
    needs: 'empty',
    asserts: 2,
    async run({ storage: { decisionAudit }, open, assert }) {
      await decisionAudit.recordMany(range(700).map((n) => ({ dfid: 'flow', event: `E${n}` })))
      const writer = await open()
      const seen: string[] = []
      for await (const { event } of decisionAudit.events()) {
        seen.push(event)
        if (event === 'E0') await writer.decisionAudit.record('flow', 'late')
      }
      assert.equal(seen, [...range(700).map((n) => `E${n}`), 'late'], 'the events')
      const first: string[] = []
      for await (const { event } of decisionAudit.events()) {
        first.push(event)
        if (first.length === 2) break
      }
      assert.equal(first, ['E0', 'E1'], 'a reader may leave at any time')
    },
  },
  {
    id: 'decision-audit/a-reader-goes-on-after-the-last-number-it-saw',
    title: 'a reader that goes on after the last number it saw gets every event once, on any handle',
    clause: 'seq rises in the order in which events become visible',
    needs: 'empty',
    asserts: 3,
    async run({ storage: { decisionAudit }, open, assert }) {
      const handles = [decisionAudit, (await open()).decisionAudit, (await open()).decisionAudit]
      const seen: AuditEvent[] = []
      for (let round = 0; round < 4; round++) {
        const writing = Promise.all(
          handles.flatMap((audit, handle) =>
            range(5).map((n) => audit.record('flow', `${round} ${handle} ${n}`)),
          ),
        )
        for (const audit of handles) seen.push(...(await read(audit, { afterSeq: seen.at(-1)?.seq ?? 0 })))
        await writing
      }
      seen.push(...(await read(decisionAudit, { afterSeq: seen.at(-1)?.seq ?? 0 })))
      assert.equal(seen.length, 60, 'how many were seen')
      assert.equal(new Set(names(seen)).size, 60, 'how many different ones')
      assert.equal(seen, await decisionAudit.allEventsChronological(), 'in the order of all')
    },
  },
])
