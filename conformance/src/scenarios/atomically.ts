/* oxlint-disable unicorn/no-useless-spread -- rows keep the list of results readable */
import { PROTOCOLS } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { started } from './claims.ts'
import { TIME, group, last, range, without } from './kit.ts'
import { aRequest, anAgent } from './samples.ts'

const TRANSACTIONAL = { level: 'atomic', protocols: PROTOCOLS, capabilities: ['atomically'] } as const

export const scenarios: readonly Scenario[] = group(TRANSACTIONAL, [
  {
    id: 'atomically/commits-every-kind-of-write',
    title: 'a batch may hold every kind of write, and answers with their results in the order recorded',
    clause: 'atomically: what is recorded on batch commits together; it resolves to the results in order',
    asserts: 14,
    async run(scenario) {
      const { storage, id, assert } = scenario
      const { agentRegistry, context, idempotency, decisionAudit, saga, resourceLock } = storage
      const { intentRetry, escalation, lifecycle } = storage
      const one = id('one')
      const claimed = await started(scenario, `${one} claimed`)
      const given = await started(scenario, `${one} given`)
      const kept = await started(scenario, `${one} kept`)
      await agentRegistry.upsertAgent(anAgent(`${one} known`))
      await escalation.insertRequest(aRequest(`${one} asked`, one))
      const results = await storage.atomically((batch) => {
        batch.agentRegistry.upsertAgent(anAgent(one))
        batch.agentRegistry.updateStatus(`${one} known`, 'X', 'why')
        batch.context.setSession(one, '1')
        batch.context.compareAndSetState(one, null, '2')
        batch.idempotency.set(one, { n: 3 })
        batch.idempotency.renewClaim(`${one} kept`, kept, 900)
        batch.idempotency.complete(`${one} claimed`, claimed, { n: 4 })
        batch.idempotency.abandon(`${one} given`, given)
        batch.decisionAudit.record(one, 'first')
        batch.decisionAudit.recordMany([
          { dfid: one, event: 'second' },
          { dfid: one, event: 'third' },
        ])
        batch.saga.markDirty(one, 'step', '5')
        batch.resourceLock.acquire(one, { [one]: 6 }, 0, { capacities: { [one]: 6 } })
        batch.resourceLock.release(`${one} unknown`)
        batch.intentRetry.setCount(one, 7)
        batch.intentRetry.increment(one)
        batch.escalation.recordBudgetToken(one)
        batch.escalation.insertRequest(aRequest(one, one))
        batch.escalation.resolveRequest(`${one} asked`, '2026-03-01', 'x', '5', { resolvedBy: one })
        batch.lifecycle.recordTransition(`${one} other`, null, 'A')
        batch.lifecycle.transition(one, null, 'B')
        batch.expectStatus(`${one} unknown`, null)
        batch.expectSession(`${one} unknown`, null)
      })
      const [first, second, third] = (await decisionAudit.eventsForDfid(one)).map(({ seq }) => seq)
      const [hold] = await resourceLock.getHolds({ dfid: one })
      const grant = { fence: hold?.fence, expiresAt: null }
      assert.equal(
        results.slice(0, 20),
        [
          ...[undefined, true, undefined, true, undefined, true, true, true, first, [second, third]],
          ...[undefined, grant, undefined, undefined, 8, undefined, undefined, true, undefined, true],
        ],
        'the results',
      )
      assert.equal(results.length, 22, 'how many results, those of the two conditions among them')
      assert.equal(
        [await agentRegistry.getStatus(`${one} known`), (await agentRegistry.getAgent(one))?.agentId],
        [{ status: 'X', suspensionReason: 'why' }, one],
        'the agents',
      )
      assert.equal(
        [await context.getSession(one), await context.getState(one)],
        ['1', '2'],
        'session and state',
      )
      assert.equal(
        [await idempotency.get(one), await idempotency.get(`${one} claimed`)],
        [{ n: 3 }, { n: 4 }],
        'the results of effects',
      )
      assert.equal(
        await saga.getDirtyState(one),
        { failedStep: 'step', partialState: 5, partialStateJson: '5' },
        'the mark',
      )
      assert.equal([hold?.amount, TIME.test(hold?.acquiredAt ?? '')], [6, true], 'the hold')
      assert.equal(await intentRetry.getCount(one), 8, 'the count')
      assert.equal(await escalation.getWindowCount(one, '2000-01-01'), 1, 'the token')
      const pending = (await escalation.getPendingRequests()).filter(({ dfid }) => dfid.startsWith(one))
      assert.equal(
        pending.map(({ dfid }) => dfid),
        [one],
        'the requests',
      )
      const decided = await escalation.getRequest(`${one} asked`)
      assert.equal([decided?.decision, decided?.proposal, decided?.resolvedBy], ['x', 5, one], 'the decision')
      assert.equal(
        [await lifecycle.getCurrentStatus(one), await lifecycle.getCurrentStatus(`${one} other`)],
        ['B', 'A'],
        'the statuses',
      )
    },
  },
  {
    id: 'atomically/undoes-nothing-it-does-not-name',
    title: 'removals and replacements of a batch take effect, and the writes of one record in their order',
    clause: 'atomically: every write of the nine is allowed',
    asserts: 7,
    async run({ storage, id, assert }) {
      const { context, saga, resourceLock, intentRetry, escalation, lifecycle } = storage
      const [one, two] = [id('one'), id('two')]
      await resourceLock.acquireBatch(one, { [one]: 1 }, 0)
      await resourceLock.acquireBatch(two, { [one]: 2 }, 0)
      await saga.markDirty(one, 'step', '{}')
      await escalation.insertRequest(aRequest(one, one))
      await intentRetry.setCount(one, 5)
      const results = await storage.atomically((batch) => {
        batch.context.setSession(one, '1')
        batch.context.setSession(one, '2')
        batch.saga.clearDirty(one)
        batch.resourceLock.release(one)
        batch.intentRetry.delete(one)
        batch.intentRetry.increment(one)
        batch.intentRetry.increment(one)
        batch.escalation.resolveRequest(one, '2026-03-01', 'APPROVE', null)
        for (const n of range(5)) batch.lifecycle.recordTransition(one, null, `S${n}`)
      })
      assert.equal(results.slice(4, 8), [undefined, 1, 2, true], 'the results that depend on earlier writes')
      assert.equal(await context.getSession(one), '2', 'the last of two writes')
      assert.equal(await saga.getDirtyState(one), null, 'the mark')
      assert.equal(await resourceLock.getLockedAmount(one, null), 2, 'the locked amount')
      assert.equal(await intentRetry.getCount(one), 2, 'the count')
      const pending = (await escalation.getPendingRequests()).filter(({ dfid }) => dfid === one)
      assert.equal(pending, [], 'the pending request')
      const path = (await lifecycle.getTransitions(one)).map(({ toStatus }) => toStatus)
      assert.equal(path, ['S0', 'S1', 'S2', 'S3', 'S4'], 'the transitions')
    },
  },
  {
    id: 'atomically/copies-what-is-recorded',
    title: 'what is recorded is copied at once, and objects given to a batch may change afterwards',
    clause: 'values never share memory with the caller; objects are copied before the first await',
    asserts: 2,
    async run({ storage, id, assert }) {
      const { idempotency, decisionAudit } = storage
      const one = id('one')
      const shared: Record<string, unknown> = { n: 1 }
      const batch = storage.atomically((recorder) => {
        recorder.idempotency.set(one, shared)
        shared['n'] = 2
        recorder.decisionAudit.record(one, 'E', { details: shared })
        shared['n'] = 3
      })
      shared['n'] = 4
      await batch
      assert.equal(await idempotency.get(one), { n: 1 }, 'the result')
      const events = without(await decisionAudit.eventsForDfid(one), 'seq', 'timestamp', 'dfid')
      assert.equal(
        events,
        [{ event: 'E', stepId: '', state: '', agentId: null, details: { n: 2 }, detailsJson: '{"n": 2}' }],
        'the event',
      )
    },
  },
  {
    id: 'atomically/keeps-the-order-of-calls',
    title: 'a batch takes effect between the calls issued before and after it on its handle',
    clause: 'atomically is one entry of the write queue; a read sees every write issued earlier',
    asserts: 4,
    async run({ open, id, assert }) {
      const fresh = await open()
      const one = id('one')
      const seen = await last(
        fresh.context.setSession(one, '1'),
        fresh.atomically((batch) => {
          batch.expectSession(one, '1')
          batch.context.setSession(one, '2')
          batch.decisionAudit.record(one, 'E')
        }),
        fresh.context.compareAndSetSession(one, '2', '3'),
        fresh.context.getSession(one),
      )
      assert.equal(seen, '3', 'on a handle that is not yet initialised')
      const batch = () => fresh.atomically((recorder) => recorder.intentRetry.increment(one))
      assert.equal(await last(batch(), batch(), fresh.intentRetry.getCount(one)), 2, 'two batches and a read')
      const events = () => fresh.decisionAudit.eventsForDfid(one).then((all) => all.map(({ event }) => event))
      const record = fresh.atomically((recorder) => recorder.decisionAudit.record(one, 'F'))
      assert.equal(
        await last(record, fresh.decisionAudit.record(one, 'G'), events()),
        ['E', 'F', 'G'],
        'events',
      )
      assert.equal(await fresh.context.getSession(one), '3', 'the session')
    },
  },
])
