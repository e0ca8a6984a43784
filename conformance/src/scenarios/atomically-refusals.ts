import { type Batch, PROTOCOLS } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { group, range } from './kit.ts'

const TRANSACTIONAL = { level: 'atomic', protocols: PROTOCOLS, capabilities: ['atomically'] } as const
const INVALID = 'STORAGE_INVALID_ARGUMENT'

/** Every write but `claim`, `setIfAbsent`, `tryConsumeBudget` and `requestWithinBudget`. */
const OFFERED = [
  'agentRegistry: upsertAgent updateStatus',
  'context: setSession compareAndSetSession setState compareAndSetState',
  'idempotency: set renewClaim complete abandon',
  'decisionAudit: record recordMany',
  'saga: markDirty clearDirty',
  'resourceLock: acquireBatch acquire release renew',
  'intentRetry: setCount delete increment',
  'escalation: recordBudgetToken insertRequest resolveRequest',
  'lifecycle: recordTransition transition',
  'expectStatus',
  'expectSession',
].flatMap((row) => {
  const [protocol, methods] = row.split(': ')
  return methods === undefined ? [row] : methods.split(' ').map((method) => `${protocol}.${method}`)
})

export const scenarios: readonly Scenario[] = group(TRANSACTIONAL, [
  {
    id: 'atomically/takes-only-synchronous-callbacks',
    title: 'a callback that returns a promise is refused, and nothing of what it recorded is written',
    clause: 'the callback is synchronous (a returned promise is InvalidArgumentError)',
    asserts: 4,
    async run({ storage, id, assert }) {
      const one = id('one')
      const callbacks: ((batch: Batch) => void)[] = [
        // oxlint-disable-next-line typescript/no-misused-promises -- that is the mistake
        async (batch) => batch.context.setSession(one, '1'),
        // oxlint-disable-next-line typescript/no-misused-promises -- that is the mistake
        async (batch) => {
          await Promise.resolve()
          batch.context.setSession(one, '2')
        },
        // oxlint-disable-next-line unicorn/no-thenable -- what a promise of another library is
        (batch) => ({ then: () => batch.context.setSession(one, '3') }),
      ]
      for (const callback of callbacks)
        await assert.rejects(() => storage.atomically(callback), INVALID, 'a promise', {
          operation: 'atomically',
        })
      assert.equal(await storage.context.getSession(one), null, 'the session')
    },
  },
  {
    id: 'atomically/a-throw-sends-nothing',
    title: 'when the callback throws, the call rejects with that error and nothing is written',
    clause: 'a throw sends nothing',
    asserts: 4,
    async run({ storage, id, assert }) {
      const one = id('one')
      const failure = new RangeError('no')
      const throwing = storage.atomically((batch) => {
        batch.context.setSession(one, '1')
        throw failure
      })
      assert.ok((await throwing.catch((error: unknown) => error)) === failure, 'the very error')
      const malformed = () =>
        storage.atomically((batch) => {
          batch.context.setSession(one, '1')
          batch.context.setState(one, '{')
        })
      await assert.rejects(malformed, INVALID, 'a malformed argument', {
        argument: 'dataJson',
        outcome: 'not-applied',
      })
      await assert.rejects(() => storage.atomically(null as never), INVALID, 'no callback')
      assert.equal(await storage.context.getSession(one), null, 'the session')
    },
  },
  {
    id: 'atomically/records-nothing-afterwards',
    title: 'a batch takes nothing once its callback has returned',
    clause: 'the callback is synchronous',
    asserts: 3,
    async run({ storage, id, assert }) {
      const one = id('one')
      const kept: Batch[] = []
      await storage.atomically((batch) => {
        kept.push(batch)
        batch.context.setSession(one, '1')
      })
      let thrown: unknown
      try {
        kept[0]?.context.setSession(one, '2')
      } catch (error) {
        thrown = error
      }
      assert.equal((thrown as { code?: string } | undefined)?.code, INVALID, 'what a late call throws')
      assert.equal(kept.length, 1, 'how often the callback ran')
      assert.equal(await storage.context.getSession(one), '1', 'the session')
    },
  },
  {
    id: 'atomically/takes-a-thousand-operations',
    title: 'a batch may hold a thousand operations, and none at all',
    clause: 'atomically: at most 1 000 operations',
    asserts: 5,
    async run({ storage, id, assert }) {
      const one = id('one')
      const fill = (count: number) =>
        storage.atomically((batch) => {
          for (const n of range(count)) batch.decisionAudit.record(one, `E${n}`)
        })
      assert.equal(await fill(0), [], 'no operations')
      const seqs = await fill(1_000)
      const seen = await storage.decisionAudit.eventsForDfid(one)
      assert.equal(
        seen.map(({ seq }) => seq),
        seqs,
        'the numbers',
      )
      assert.equal(
        seen.map(({ event }) => event),
        range(1_000).map((n) => `E${n}`),
        'the events',
      )
      await assert.rejects(() => fill(1_001), 'STORAGE_INVALID_ARGUMENT', 'one too many', {
        operation: 'atomically',
        outcome: 'not-applied',
      })
      assert.equal(
        (await storage.decisionAudit.eventsForDfid(one)).length,
        1_000,
        'how many events are there',
      )
    },
  },
  {
    id: 'atomically/takes-one-acquire',
    title: 'a batch with two acquires is refused, and nothing of it is written',
    clause: 'atomically: at most one acquire',
    asserts: 3,
    async run({ storage, id, assert }) {
      const [one, two] = [id('one'), id('two')]
      const pairs: ((batch: Batch) => void)[] = [
        (batch) => (
          batch.resourceLock.acquire(one, { [one]: 1 }, 0),
          batch.resourceLock.acquire(two, { [two]: 1 }, 0)
        ),
        (batch) => (
          batch.resourceLock.acquireBatch(one, { [one]: 1 }, 0),
          batch.resourceLock.acquire(one, {}, 0)
        ),
      ]
      for (const pair of pairs)
        await assert.rejects(() => storage.atomically(pair), INVALID, 'two acquires', {
          outcome: 'not-applied',
        })
      assert.equal(await storage.resourceLock.getHolds({ dfid: one }), [], 'the holds')
    },
  },
  {
    id: 'atomically/takes-no-verb-whose-answer-decides',
    title: 'a batch does not offer the verbs whose answer decides what comes next',
    clause: 'allowed: every write but claim, setIfAbsent, tryConsumeBudget, requestWithinBudget',
    asserts: 1,
    async run({ storage, assert }) {
      let offered: string[] = []
      await storage.atomically((batch) => {
        offered = Object.entries(batch).flatMap(([name, member]) =>
          typeof member === 'function' ? [name] : Object.keys(member).map((method) => `${name}.${method}`),
        )
      })
      assert.equal(offered.toSorted(), OFFERED.toSorted(), 'what a batch offers')
    },
  },
  {
    id: 'atomically/holds-leases',
    title: 'a batch may acquire with a lease and renew one',
    clause: 'allowed: every write of the nine',
    capabilities: ['atomically', 'leases'],
    asserts: 3,
    async run({ storage, id, assert }) {
      const { resourceLock } = storage
      const [one, two] = [id('one'), id('two')]
      await resourceLock.acquireBatch(two, { [two]: 1 }, 0, { leaseSec: 60 })
      const [before] = await resourceLock.getHolds({ dfid: two })
      const results = await storage.atomically((batch) => {
        batch.resourceLock.acquireBatch(one, { [one]: 1 }, 0, { leaseSec: 60 })
        batch.resourceLock.renew(two, 600)
      })
      assert.equal(results, [true, true], 'the results')
      const [leased] = await resourceLock.getHolds({ dfid: one })
      assert.ok(typeof leased?.expiresAt === 'string', 'the acquired lease')
      const [renewed] = await resourceLock.getHolds({ dfid: two })
      assert.ok((renewed?.expiresAt ?? '') > (before?.expiresAt ?? ''), 'the renewed lease')
    },
  },
])
