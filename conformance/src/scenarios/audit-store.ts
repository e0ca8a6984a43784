import { AuditStore } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { group, without } from './kit.ts'

export const scenarios: readonly Scenario[] = group(
  { level: 'seed', protocols: ['decisionAudit', 'idempotency'] },
  [
    {
      id: 'audit-store/adds-the-flow-to-a-result',
      title: 'an AuditStore saves a result with the id of its flow added, over any other of that key',
      clause: 'AuditStore.saveIdempotentResult stores the result with _dfid added',
      asserts: 6,
      async run({ storage: { decisionAudit, idempotency }, id, assert }) {
        const store = new AuditStore(decisionAudit, idempotency)
        const [key, dfid] = [id('key'), id('flow')]
        assert.equal(await store.getIdempotentResult(key), null, 'an unseen key')
        const result = { n: 1 }
        await store.saveIdempotentResult(key, dfid, result)
        assert.equal(result, { n: 1 }, "the caller's object stays as it is")
        assert.equal(await store.getIdempotentResult(key), { n: 1, _dfid: dfid }, 'the result')
        assert.equal(
          await idempotency.get(key),
          { n: 1, _dfid: dfid },
          'the same in the idempotency protocol',
        )
        await store.saveIdempotentResult(key, `${dfid}2`, { m: 2 })
        assert.equal(await store.getIdempotentResult(key), { m: 2, _dfid: `${dfid}2` }, 'the last one wins')
        assert.equal(await store.getIdempotentResult(`${key}2`), null, 'another key')
      },
    },
    {
      id: 'audit-store/reads-and-writes-the-audit-log',
      title: 'an AuditStore records into the audit log of its backend, and closing it closes nothing',
      clause: 'AuditStore: record, eventsForDfid, allEventsChronological; close does nothing',
      needs: 'empty',
      asserts: 4,
      async run({ storage: { decisionAudit, idempotency }, assert }) {
        const store = new AuditStore(decisionAudit, idempotency)
        const seq = await store.record('flow', 'E', {
          stepId: 's',
          state: 'S',
          agentId: 'agent',
          details: { n: 1 },
        })
        const other = await decisionAudit.record('other', 'F')
        await store.close()
        const details = { details: { n: 1 }, detailsJson: '{"n": 1}' }
        const expected = {
          seq,
          dfid: 'flow',
          event: 'E',
          stepId: 's',
          state: 'S',
          agentId: 'agent',
          ...details,
        }
        assert.equal(without(await store.eventsForDfid('flow'), 'timestamp'), [expected], 'the flow')
        const all = await store.allEventsChronological()
        assert.equal([all.map((event) => event.seq)], [[seq, other]], 'all events')
        assert.equal(await decisionAudit.allEventsChronological(), all, 'the same in the audit protocol')
        assert.ok((await store.record('flow', 'G')) > other, 'it goes on after close')
      },
    },
  ],
)
