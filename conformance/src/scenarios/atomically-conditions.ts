import { type Batch, PROTOCOLS, type StorageHandle } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { FALSE_CLAIMS } from './false-claims.ts'
import { FALSE_LEASES } from './false-leases.ts'
import { type Expected, FALSE_CONDITIONS, type FalseCondition } from './false-conditions.ts'
import { group } from './kit.ts'
import { RECORD_KINDS } from './record-kinds.ts'
import { aRequest, anAgent } from './samples.ts'

const TRANSACTIONAL = { level: 'atomic', protocols: PROTOCOLS, capabilities: ['atomically'] } as const

/** Records a write of every protocol that has one without a condition. */
function recordAll(batch: Batch, id: string): void {
  batch.agentRegistry.upsertAgent(anAgent(id))
  batch.context.setSession(id, '9')
  batch.context.setState(id, '9')
  batch.idempotency.set(id, { n: 9 })
  batch.decisionAudit.record(id, 'E')
  batch.saga.markDirty(id, 'step', '9')
  batch.intentRetry.setCount(id, 9)
  batch.escalation.recordBudgetToken(id)
  batch.escalation.insertRequest(aRequest(id, id))
  batch.lifecycle.recordTransition(id, null, 'NEW')
  batch.resourceLock.release(`${id} holder`)
}

/** What can be seen of the records that have these ids. */
const visible = (storage: StorageHandle, ids: readonly string[]): Promise<unknown[]> =>
  Promise.all(ids.flatMap((id) => RECORD_KINDS.map((kind) => kind.read(storage, id, ids[0] ?? ''))))

/** How many `recordAll` records. */
const ALL = 11

const scenarioOf = ({
  words,
  title,
  prepare,
  record,
  earlier = 0,
  expected,
  capabilities = [],
}: FalseCondition) => ({
  id: `atomically/${words}-fails-the-batch`,
  title: `nothing of a batch is written when ${title}`,
  clause: 'if one condition is false, the call rejects with the typed error and nothing is written',
  capabilities: [...TRANSACTIONAL.capabilities, ...capabilities],
  asserts: 3,
  async run({ storage, open, id, assert }: Parameters<Scenario['run']>[0]) {
    const [one, before, after] = [id('one'), id('before'), id('after')]
    const ids = [one, before, after, `${before} holder`, `${after} holder`]
    await prepare(storage, one)
    for (const holder of ids.slice(3)) await storage.resourceLock.acquireBatch(holder, { [one]: 0 }, 0)
    const [seen, holds] = [
      await visible(storage, ids),
      await storage.resourceLock.getHolds({ resourceId: one }),
    ]
    const [code, fields] = expected(one)
    const batch = () =>
      storage.atomically((recorder) => {
        recorder.decisionAudit.recordMany([]) // it writes nothing, and has a place
        recordAll(recorder, before)
        record(recorder, one)
        recordAll(recorder, after)
      })
    const where = code === 'STORAGE_CONFLICT' ? { position: 1 + ALL + earlier } : {}
    await assert.rejects(batch, code, 'the batch', { ...fields, ...where })
    assert.equal(await visible(await open(), ids), seen, 'what was there before the batch')
    assert.equal(await storage.resourceLock.getHolds({ resourceId: one }), holds, 'the holds')
  },
})

const MOST = 2_147_483_647

/** Conditions that only the batch's own earlier writes would make true. */
const MADE_TRUE: readonly (readonly [what: string, record: (batch: Batch, one: string) => void])[] = [
  ['a session that it sets', (b, one) => (b.context.setSession(one, '2'), b.expectSession(one, '2'))],
  [
    'a session that it swaps',
    (b, one) => (
      b.context.compareAndSetSession(one, '1', '2'),
      b.context.compareAndSetSession(one, '2', '3')
    ),
  ],
  [
    'a status that it records',
    (b, one) => (b.lifecycle.recordTransition(one, 'A', 'B'), b.expectStatus(one, 'B')),
  ],
  [
    'a status that it moves to',
    (b, one) => (b.lifecycle.transition(one, 'A', 'B'), b.lifecycle.transition(one, 'B', 'C')),
  ],
]

export const scenarios: readonly Scenario[] = group(TRANSACTIONAL, [
  ...[...FALSE_CONDITIONS, ...FALSE_CLAIMS, ...FALSE_LEASES].map(scenarioOf),
  {
    id: 'atomically/judges-the-state-before',
    title: 'conditions are judged on the state before the batch, whatever the batch itself writes earlier',
    clause: 'conditions are judged on the state before the batch',
    asserts: 8,
    async run({ storage, id, assert }) {
      const { context, lifecycle } = storage
      const one = id('one')
      await context.setSession(one, '1')
      await lifecycle.recordTransition(one, null, 'A')
      for (const [what, record] of MADE_TRUE)
        await assert.rejects(
          () => storage.atomically((batch) => record(batch, one)),
          'STORAGE_CONFLICT',
          what,
        )
      assert.equal(
        [await context.getSession(one), await lifecycle.getCurrentStatus(one)],
        ['1', 'A'],
        'no effect',
      )
      const results = await storage.atomically((batch) => {
        batch.context.setSession(one, '2')
        batch.expectSession(one, '1')
        batch.context.compareAndSetSession(one, '1', '3')
        batch.lifecycle.recordTransition(one, 'A', 'B')
        batch.expectStatus(one, 'A')
        batch.lifecycle.transition(one, 'A', 'C')
      })
      assert.equal([results[2], results[5]], [true, true], 'conditions on the state before')
      assert.equal(await context.getSession(one), '3', 'the session')
      const path = (await lifecycle.getTransitions(one)).map(({ toStatus }) => toStatus)
      assert.equal(path, ['A', 'B', 'C'], 'the transitions')
    },
  },
  {
    id: 'atomically/judges-counts-and-room',
    title: 'an increment is judged after the counts its batch sets before it, an acquire on the state before',
    clause:
      "increment: judged after the batch's own earlier setCount, delete, increment; acquire: its limits",
    asserts: 7,
    async run({ storage, id, assert }) {
      const { intentRetry, resourceLock } = storage
      const [one, other] = [id('one'), id('other')]
      const refused = async (what: string, code: Expected[0], record: (batch: Batch) => void) => {
        await assert.rejects(() => storage.atomically(record), code, what)
      }
      await refused('a count that it fills', 'STORAGE_INVALID_ARGUMENT', (batch) => {
        batch.intentRetry.setCount(one, MOST)
        batch.intentRetry.increment(one)
      })
      await refused('a count that it fills by one', 'STORAGE_INVALID_ARGUMENT', (batch) => {
        batch.intentRetry.setCount(one, MOST - 1)
        batch.intentRetry.increment(one)
        batch.intentRetry.increment(one)
      })
      assert.equal(await intentRetry.getCount(one), 0, 'the count')
      await intentRetry.setCount(one, MOST)
      const emptied = storage.atomically((batch) => {
        batch.intentRetry.delete(one)
        batch.intentRetry.increment(one)
      })
      assert.equal(await emptied, [undefined, 1], 'a full count that it deletes')
      await resourceLock.acquireBatch(other, { [one]: 1 }, 0)
      await refused('room that it releases', 'STORAGE_INSUFFICIENT_CAPACITY', (batch) => {
        batch.resourceLock.release(other)
        batch.resourceLock.acquire(one, { [one]: 1 }, 0, { capacities: { [one]: 1 } })
      })
      assert.equal(await resourceLock.getLockedAmount(one, null), 1, 'the hold of the other flow')
      await storage.atomically((batch) => {
        batch.resourceLock.acquire(one, { [one]: 3 }, 0, { capacities: { [one]: 4 } })
        batch.resourceLock.release(other)
      })
      assert.equal(await resourceLock.getLockedAmount(one, null), 3, 'acquired, then the other released')
    },
  },
])
