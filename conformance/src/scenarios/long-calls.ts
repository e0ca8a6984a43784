/* oxlint-disable unicorn/no-useless-spread -- rows keep the tables short */
import { setImmediate as pause } from 'node:timers/promises'
import { PROTOCOLS, type StorageHandle } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { exported } from './filled.ts'
import { ALL, group, openHandles, range } from './kit.ts'
import { aRequest } from './samples.ts'

/** Places in a list of a thousand where one that is looked at in parts, or up to a limit, begins to be wrong. */
const PLACES = [0, 99, 100, 255, 256, 499, 500, 511, 512, 998, 999]

const MANY = 1_230

const SIZE = 512 * 1024

/** A JSON text of half a mebibyte. */
const large = (n: number): string => JSON.stringify(`${n}${'x'.repeat(SIZE)}`)

/** What is seen of large texts, so that a failure can be read. */
const seen = (texts: readonly unknown[]): unknown[] =>
  texts.map((text) => [String(text).slice(0, 4), String(text).length])

export const scenarios: readonly Scenario[] = [
  ...group({ level: 'atomic', protocols: ['resourceLock'] }, [
    {
      id: 'long-calls/every-resource-is-checked-against-its-capacity',
      title: 'an acquire of a thousand resources is refused for the one without room, wherever it stands',
      clause: 'acquireBatch: all or nothing; the first resource, in id order, without room is named',
      asserts: 2 * PLACES.length + 1,
      async run({ storage: { resourceLock }, id, assert }) {
        const [flow, prefix] = [id('flow'), id('r')]
        const names = range(1_000).map((n) => `${prefix} ${String(n).padStart(3, '0')}`)
        const amounts = Object.fromEntries(names.toReversed().map((name) => [name, 2]))
        const acquire = () => resourceLock.acquireBatch(flow, amounts, 5, { capacities: amounts })
        for (const place of PLACES) {
          const [full, rival] = [names[place] ?? '', id('rival')]
          await resourceLock.acquireBatch(rival, { [full]: 0.000_001 }, 5)
          await assert.rejects(acquire, 'STORAGE_INSUFFICIENT_CAPACITY', `number ${place} is full`, {
            ...{ resourceId: full, requested: 2, locked: 0.000_001, capacity: 2 },
          })
          assert.equal(await resourceLock.getHolds({ dfid: flow }), [], 'nothing is held')
          await resourceLock.release(rival)
        }
        assert.equal(await acquire(), true, 'once there is room everywhere')
      },
    },
  ]),
  ...group({ level: 'atomic', protocols: ['decisionAudit'] }, [
    {
      id: 'long-calls/record-many-is-one-step',
      title: 'more than a thousand events of one recordMany appear at once and next to one another',
      clause: 'recordMany: all events, next to one another, or none',
      asserts: 4,
      async run(context) {
        const { id, assert } = context
        const [writer, rival, reader] = (await openHandles(context, 3)) as [
          StorageHandle,
          StorageHandle,
          StorageHandle,
        ]
        const [dfid, other] = [id('flow'), id('other')]
        let busy = true
        const events = range(MANY).map((n) => ({ dfid, event: `E${n}` }))
        const writing = writer.decisionAudit.recordMany(events).finally(() => (busy = false))
        const rivals: number[] = []
        const lengths: number[] = []
        while (busy) {
          rivals.push(await rival.decisionAudit.record(other, 'R'))
          lengths.push((await reader.decisionAudit.eventsForDfid(dfid)).length)
          await pause()
        }
        const seqs = await writing
        const [first = 0, last = 0] = [seqs[0], seqs.at(-1)]
        assert.equal(
          seqs,
          seqs.toSorted((a, b) => a - b),
          'its numbers rise',
        )
        const between = rivals.filter((seq) => seq > first && seq < last)
        assert.equal(between, [], 'numbers of others between them')
        const parts = lengths.filter((length) => length !== 0 && length !== MANY)
        assert.equal(parts, [], 'parts that were seen')
        const names = (await reader.decisionAudit.eventsForDfid(dfid)).map(({ event }) => event)
        assert.equal(
          names,
          events.map(({ event }) => event),
          'the events',
        )
      },
    },
  ]),
  ...group(
    { level: 'atomic', protocols: PROTOCOLS, capabilities: ['atomically', 'increment', 'recordMany'] },
    [
      {
        id: 'long-calls/every-condition-of-a-batch-is-judged',
        title: 'a batch of a thousand operations is refused for its one false condition, wherever it stands',
        clause: 'atomically: a false condition rejects the batch, of at most 1 000 operations',
        asserts: 9,
        async run({ storage, id, assert }) {
          const { lifecycle, decisionAudit, intentRetry } = storage
          const one = id('one')
          await lifecycle.recordTransition(one, null, 'A')
          for (const place of [0, 99, 100, 499, 500, 998, 999])
            await assert.rejects(
              () =>
                storage.atomically((batch) => {
                  for (const n of range(1_000))
                    if (n === place) batch.expectStatus(one, 'B')
                    else if (n % 2 === 0) batch.expectStatus(one, 'A')
                    else batch.intentRetry.increment(one)
                }),
              'STORAGE_CONFLICT',
              `number ${place} is false`,
            )
          assert.equal(await intentRetry.getCount(one), 0, 'the count')
          const results = await storage.atomically((batch) => {
            for (const _ of range(500)) batch.intentRetry.increment(one)
            batch.decisionAudit.recordMany(range(MANY).map((n) => ({ dfid: one, event: `E${n}` })))
          })
          const recorded = (await decisionAudit.eventsForDfid(one)).map(({ seq }) => seq)
          assert.equal(results, [...range(500).map((n) => n + 1), recorded], 'the results')
        },
      },
    ],
  ),
  ...group({ level: 'atomic', protocols: PROTOCOLS, capabilities: ALL, needs: 'empty' }, [
    {
      id: 'long-calls/large-records-are-all-listed',
      title: 'lists, cursors and exports of records that fill many mebibytes are whole',
      clause: 'lists have no limit but the one asked for',
      asserts: 6,
      async run({ storage, open, freshNamespace, assert }) {
        const { decisionAudit, escalation } = storage
        for (const n of range(17)) {
          const events = [2 * n, 2 * n + 1].map((one) => ({ dfid: 'flow', event: `${one}` }))
          const details = { text: 'x'.repeat(SIZE) }
          await decisionAudit.recordMany(events.map((one) => ({ ...one, details })))
        }
        for (const n of range(6))
          await escalation.insertRequest(aRequest(`flow ${n}`, 'agent', { contextJson: large(n) }))
        const names = range(34).map(String)
        const ofFlow = await decisionAudit.eventsForDfid('flow')
        assert.equal(
          ofFlow.map(({ event }) => event),
          names,
          'the events of a flow',
        )
        const all = await Array.fromAsync(decisionAudit.events({ afterSeq: ofFlow[0]?.seq ?? 0 }))
        assert.equal(
          all.map(({ event }) => event),
          names.slice(1),
          'the events after the first',
        )
        const sizes = all.map(({ details }) => String(details?.['text']).length)
        assert.equal(
          sizes,
          sizes.map(() => SIZE),
          'their details',
        )
        const pending = await escalation.getPendingRequests()
        assert.equal(
          seen(pending.map(({ context }) => context)),
          seen(range(6).map((n) => JSON.parse(large(n)) as string)),
          'requests',
        )
        const copy = await open({ namespace: freshNamespace() })
        await copy.importRecords(storage.exportRecords())
        const records = (await exported(copy)).map((one) => (one.type === 'event' ? one.event : one.type))
        assert.equal(records, [...names, ...range(6).map(() => 'request'), 'counters'], 'a copy')
        assert.equal(
          (await copy.escalation.getPendingRequests()).map(({ dfid }) => dfid),
          pending.map(({ dfid }) => dfid),
          'its requests',
        )
      },
    },
  ]),
]
