import { setTimeout as sleep } from 'node:timers/promises'
import type { AuditEvent, DecisionAuditStorage, EventFilter } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { group, openHandles, range } from './kit.ts'

/** How long a follower may take to see what is there. */
const PATIENCE_MS = 10_000

/** What a follower sees up to the first `last` event; less where it is over before, or waits in vain. */
function follow(
  audit: DecisionAuditStorage,
  last: (event: AuditEvent, seen: number) => boolean,
  filter: EventFilter = {},
): Promise<AuditEvent[]> {
  const act = async (): Promise<AuditEvent[]> => {
    const seen: AuditEvent[] = []
    const signal = AbortSignal.timeout(PATIENCE_MS)
    for await (const event of audit.events({ ...filter, follow: true, signal }))
      if (last(event, seen.push(event))) break
    return seen
  }
  return later(act())
}

/** What is looked at later, or never where something fails before. */
function later<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {})
  return promise
}

const inVain = (): Promise<string> => sleep(PATIENCE_MS / 2, 'in vain', { ref: false })

const isEnd = ({ event }: AuditEvent): boolean => event === 'end'

export const scenarios: readonly Scenario[] = group(
  { level: 'atomic', protocols: ['decisionAudit'], needs: 'empty' },
  [
    {
      id: 'decision-audit/a-follower-waits-for-more',
      title:
        'who follows gets what is there, waits at the end, and gets what any handle records, each by its filter',
      clause: 'events({ follow: true })',
      asserts: 6,
      async run({ storage: { decisionAudit }, open, assert }) {
        const writer = (await open()).decisionAudit
        const first = await decisionAudit.recordMany(['a', 'b', 'a'].map((dfid) => ({ dfid, event: 'E' })))
        const signal = AbortSignal.timeout(PATIENCE_MS)
        const events = decisionAudit.events({ follow: true, signal })[Symbol.asyncIterator]()
        const next = () => events.next().then(({ value }) => value?.seq)
        const begun = [await next(), await next(), await next()]
        assert.equal(begun, first, 'what is there')
        const others = Promise.all([
          follow(writer, (_, seen) => seen === 2, { dfid: 'b' }),
          follow(writer, (_, seen) => seen === 2, { event: 'F' }),
          follow(decisionAudit, (_, seen) => seen === 4, { afterSeq: first[0] ?? 0 }),
          follow(writer, (_, seen) => seen === 1, { agentId: 'agent' }),
        ])
        const rest: number[] = []
        const seen: unknown[] = []
        for (const [dfid, event, audit] of [
          ['a', 'F', writer],
          ['b', 'E', decisionAudit],
          ['a', 'F', writer],
        ] as const) {
          const waiting = later(next())
          await sleep(20) // so that all of them wait
          rest.push(await audit.record(dfid, event, dfid === 'b' ? { agentId: 'agent' } : {}))
          seen.push(await waiting)
        }
        assert.equal(seen, rest, 'what is recorded while it waits')
        const [ofFlow, ofName, after, ofAgent] = (await others).map((found) => found.map(({ seq }) => seq))
        assert.equal(ofFlow, [first[1], rest[1]], 'those of a flow')
        assert.equal(ofName, [rest[0], rest[2]], 'those of a name')
        assert.equal(after, [...first.slice(1), ...rest.slice(0, 2)], 'those after one')
        assert.equal(ofAgent, [rest[1]], 'those of an agent')
      },
    },
    {
      id: 'decision-audit/followers-miss-none-of-many-writers',
      title:
        'while handles record side by side, each of several followers sees every event once, in the order of seq',
      clause: 'events({ follow: true }): seq rises in the order in which events become visible',
      asserts: 8,
      async run(context) {
        const { storage, assert } = context
        const handles = [storage, ...(await openHandles(context, 2))]
        await storage.decisionAudit.record('start', 'start')
        const followers = handles.flatMap(({ decisionAudit }) => [
          follow(decisionAudit, isEnd),
          follow(decisionAudit, isEnd),
        ])
        await sleep(20) // so that they have read what is there
        await Promise.all(
          handles.flatMap(({ decisionAudit }, handle) =>
            range(8).map(async (flow) => {
              for (const n of range(5)) await decisionAudit.record(`${handle} ${flow}`, `E${n}`)
            }),
          ),
        )
        await storage.decisionAudit.record('end', 'end')
        const all = await storage.decisionAudit.allEventsChronological()
        assert.equal(all.length, handles.length * 40 + 2, 'how many there are')
        for (const [n, seen] of (await Promise.all(followers)).entries())
          assert.equal(seen, all, `what follower ${n} saw`)
        const late = follow(storage.decisionAudit, ({ dfid }) => dfid === 'late')
        const seq = await storage.decisionAudit.record('late', 'L')
        assert.equal((await late).at(-1)?.seq, seq, 'one that comes when the others have gone')
      },
    },
    {
      id: 'decision-audit/a-follower-ends',
      title:
        'following ends at its limit, and when its signal fires: before it begins, between events and while it waits',
      clause: 'events({ follow, limit, signal })',
      asserts: 5,
      async run({ storage: { decisionAudit }, assert }) {
        const seqs = await decisionAudit.recordMany(range(3).map((n) => ({ dfid: 'f', event: `E${n}` })))
        const read = async (filter: EventFilter) =>
          (await Array.fromAsync(decisionAudit.events({ follow: true, ...filter }))).map(({ seq }) => seq)
        const patience = AbortSignal.timeout(PATIENCE_MS)
        const waiting = later(read({ limit: 4, signal: patience }))
        seqs.push(await decisionAudit.record('f', 'E3'))
        assert.equal(await waiting, seqs, 'a limit that waits')
        assert.equal(await read({ limit: 2, signal: patience }), seqs.slice(0, 2), 'a limit that is there')
        assert.equal(await read({ signal: AbortSignal.abort() }), [], 'a signal that has fired')
        const between = new AbortController()
        const seen: number[] = []
        for await (const { seq } of decisionAudit.events({ follow: true, signal: between.signal })) {
          seen.push(seq)
          if (seen.length === 2) between.abort()
        }
        assert.equal(seen, seqs.slice(0, 2), 'a signal between events')
        const stop = new AbortController()
        const events = decisionAudit.events({ follow: true, signal: stop.signal })[Symbol.asyncIterator]()
        for (const _ of seqs) await events.next()
        const next = later(events.next())
        stop.abort()
        const told = await Promise.race([next, inVain()])
        assert.equal(told, { done: true, value: undefined }, 'a signal while it waits')
      },
    },
    {
      id: 'decision-audit/a-follower-learns-that-the-handle-closes',
      title: 'who follows and waits is told when the handle closes, and others follow on',
      clause: 'close: refuses what is under way',
      asserts: 2,
      async run({ storage: { decisionAudit }, open, assert }) {
        const closing = await open()
        const seq = await decisionAudit.record('f', 'E')
        const events = closing.decisionAudit.events({ follow: true })[Symbol.asyncIterator]()
        await events.next()
        const waiting = later(events.next())
        const other = follow(decisionAudit, (_, seen) => seen === 2)
        await closing.close()
        await assert.rejects(() => Promise.race([waiting, inVain()]), 'STORAGE_CLOSED', 'who waits')
        const last = await decisionAudit.record('f', 'E')
        assert.equal(
          (await other).map((event) => event.seq),
          [seq, last],
          'a follower of another handle',
        )
      },
    },
  ],
)
