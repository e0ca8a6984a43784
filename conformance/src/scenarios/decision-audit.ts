import type { Scenario } from '../scenario.ts'
import { TIME, group, range, without } from './kit.ts'

export const scenarios: readonly Scenario[] = [
  ...group({ level: 'seed', protocols: ['decisionAudit'] }, [
    {
      id: 'decision-audit/left-out-details-are-empty',
      title: 'what is left out of an event is empty text or an empty object, and equal events are all kept',
      clause: "record: stepId = '', state = '', details = null; details are {} when null",
      asserts: 3,
      async run({ storage: { decisionAudit }, id, assert }) {
        const dfid = id('flow')
        const none = { stepId: '', state: '', agentId: null }
        const empty = { dfid, event: 'E', ...none, details: {}, detailsJson: '{}' }
        await decisionAudit.record(dfid, 'E')
        await decisionAudit.record(dfid, 'E', {})
        await decisionAudit.record(dfid, 'E', { details: null })
        await decisionAudit.record(dfid, 'E', { stepId: '', state: '', details: {} })
        const nothing = { details: { none: null }, detailsJson: '{"none": null}' }
        await decisionAudit.record(dfid, '', { state: 'S', details: { none: null } })
        const events = await decisionAudit.eventsForDfid(dfid)
        assert.equal(
          without(events, 'seq', 'timestamp'),
          [empty, empty, empty, empty, { ...empty, event: '', state: 'S', ...nothing }],
          'the events',
        )
        assert.ok(
          events.every(({ timestamp }) => timestamp !== null && TIME.test(timestamp)),
          'their times',
        )
        assert.ok(
          events.every(({ seq }) => Number.isSafeInteger(seq)),
          'their numbers',
        )
      },
    },
    {
      id: 'decision-audit/events-are-in-the-order-of-insertion',
      title: 'events stand in the order of their calls, ties included, in one flow and in all flows',
      clause: 'eventsForDfid, allEventsChronological: in insertion order; seq rises',
      needs: 'empty',
      asserts: 6,
      async run({ storage: { decisionAudit }, open, assert }) {
        assert.equal(await decisionAudit.allEventsChronological(), [], 'an empty store')
        const flow = (n: number) => `flow ${(n * 7) % 3}`
        const record = (n: number) => decisionAudit.record(flow(n), `E${n}`)
        const seqs = await Promise.all(range(40).map(record))
        for (const n of range(60).slice(40)) seqs.push(await record(n))
        const empty = { stepId: '', state: '', agentId: null, details: {}, detailsJson: '{}' }
        const expected = seqs.map((seq, n) => ({ seq, dfid: flow(n), event: `E${n}`, ...empty }))
        const all = await decisionAudit.allEventsChronological()
        assert.equal(without(all, 'timestamp'), expected, 'all flows, each event with the seq it was given')
        assert.equal(
          seqs.toSorted((a, b) => a - b),
          seqs,
          'the numbers rise in the order of the calls',
        )
        assert.equal(new Set(seqs).size, 60, 'no number is given twice')
        assert.equal(
          await decisionAudit.eventsForDfid('flow 1'),
          all.filter(({ dfid }) => dfid === 'flow 1'),
          'one flow',
        )
        const later = await (await open()).decisionAudit.record('flow 0', 'later')
        assert.ok(later > (seqs.at(-1) ?? 0), 'another handle goes on from there')
      },
    },
  ]),
  ...group({ level: 'atomic', protocols: ['decisionAudit'] }, [
    {
      id: 'decision-audit/record-many-appends-in-the-order-given',
      title:
        'recordMany appends its events in the order given, next to one another, and answers with their numbers',
      clause: 'recordMany(events) → seq[]',
      needs: 'empty',
      asserts: 4,
      async run({ storage: { decisionAudit }, assert }) {
        assert.equal(await decisionAudit.recordMany([]), [], 'no events')
        const events = range(50).map((n) => ({ dfid: `flow ${n % 2}`, event: `E${50 - n}`, details: { n } }))
        const [first, many, last] = await Promise.all([
          decisionAudit.record('flow 0', 'first'),
          decisionAudit.recordMany(events),
          decisionAudit.record('flow 0', 'last', { stepId: 's' }),
        ])
        const seen = await decisionAudit.allEventsChronological()
        assert.equal(
          seen.map(({ seq }) => seq),
          [first, ...many, last],
          'the numbers that the calls answered',
        )
        assert.equal(
          seen.map(({ event }) => event),
          ['first', ...events.map(({ event }) => event), 'last'],
          'the events',
        )
        assert.equal(
          without(seen.slice(1, -1), 'seq', 'timestamp'),
          events.map((event) => ({
            ...event,
            stepId: '',
            state: '',
            agentId: null,
            detailsJson: `{"n": ${event.details.n}}`,
          })),
          'whole events',
        )
      },
    },
    {
      id: 'decision-audit/record-many-is-all-or-none',
      title: 'recordMany with one event that breaks a rule records none of them',
      clause: 'recordMany: all or none',
      asserts: 5,
      async run({ storage: { decisionAudit }, id, assert }) {
        const dfid = id('flow')
        const good = range(5).map((n) => ({ dfid, event: `E${n}` }))
        for (const [argument, bad] of [
          ['dfid', { dfid: '', event: 'E' }],
          ['event', { dfid, event: '\0' }],
          ['details', { dfid, event: 'E', details: [] as never }],
          ['events', { dfid, event: 'E', detail: {} } as never],
        ] as const)
          await assert.rejects(
            () => decisionAudit.recordMany([...good, bad, ...good]),
            'STORAGE_INVALID_ARGUMENT',
            `a bad ${argument}`,
            { argument, operation: 'recordMany' },
          )
        assert.equal(await decisionAudit.eventsForDfid(dfid), [], 'no event of that flow')
      },
    },
  ]),
]
