import { type JoinedStorage, PROTOCOLS, type StorageHandle } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { group } from './kit.ts'
import { RECORD_KINDS } from './record-kinds.ts'

/** One write of every kind. */
async function writeAll(storage: JoinedStorage): Promise<void> {
  for (const [n, kind] of RECORD_KINDS.entries()) await kind.write(storage, `mine ${n}`, 2, `other ${n}`)
}

/** What is there of `writeAll`, by kind. */
async function readAll(storage: JoinedStorage): Promise<unknown[]> {
  const seen: unknown[] = []
  for (const [n, kind] of RECORD_KINDS.entries())
    seen.push([kind.name, await kind.read(storage, `mine ${n}`, `other ${n}`)])
  return seen
}

const after = (...writes: number[]): unknown[] =>
  RECORD_KINDS.map((kind) => [kind.name, kind.after(...writes)])

const eventsOf = async ({ decisionAudit }: JoinedStorage): Promise<string[]> =>
  (await Array.fromAsync(decisionAudit.events())).map(({ event }) => event)

/** Begins `act` and lets it come to where it waits for somebody, if it does. */
async function begun<T>(act: Promise<T>): Promise<Promise<T>[]> {
  act.catch(() => {})
  await new Promise((resolve) => setTimeout(resolve, 100))
  return [act]
}

export const scenarios: readonly Scenario[] = group(
  { level: 'atomic', protocols: PROTOCOLS, capabilities: ['join'], needs: 'empty' },
  [
    {
      id: 'join/a-commit-takes-effect',
      title:
        'what is written within a transaction is there for everybody once it commits, and for nobody before',
      clause: 'within: takes effect when you commit',
      asserts: 3,
      async run({ storage, open, openTransaction, assert }) {
        await storage.init()
        const transaction = await openTransaction()
        const inside = storage.within(transaction.client)
        await writeAll(inside)
        assert.equal(await readAll(inside), after(2), 'the transaction sees what it wrote')
        const others = await open()
        assert.equal(await readAll(others), after(), 'nobody else sees it before the commit')
        await transaction.commit()
        assert.equal(await readAll(others), after(2), 'everybody sees it after the commit')
      },
    },
    {
      id: 'join/a-rollback-leaves-nothing',
      title: 'what is written within a transaction is gone once it rolls back',
      clause: 'within: leaves nothing if you roll back',
      asserts: 2,
      async run({ storage, openTransaction, assert }) {
        await storage.init()
        const transaction = await openTransaction()
        await writeAll(storage.within(transaction.client))
        await transaction.rollback()
        assert.equal(await readAll(storage), after(), 'nothing of it is there')
        await writeAll(storage)
        assert.equal(await readAll(storage), after(2), 'and nothing of it is in the way')
      },
    },
    {
      id: 'join/a-refusal-undoes-only-itself',
      title:
        'a call that is refused within a transaction leaves what was written before, and the transaction usable',
      clause: 'within: a refusal undoes only itself',
      asserts: 6,
      async run({ storage, openTransaction, assert }) {
        await storage.resourceLock.acquireBatch('another', { gpu: 60 }, 0, { capacities: { gpu: 100 } })
        const transaction = await openTransaction()
        const inside = storage.within(transaction.client)
        await inside.decisionAudit.record('flow', 'BEFORE')
        await assert.rejects(
          () => inside.resourceLock.acquireBatch('flow', { gpu: 60 }, 0, { capacities: { gpu: 100 } }),
          'STORAGE_INSUFFICIENT_CAPACITY',
          'an acquire for which there is no room',
        )
        assert.equal(await inside.lifecycle.transition('flow', 'OPEN', 'CLOSED'), false, 'it is not open')
        await assert.rejects(
          () =>
            inside.atomically((batch) => {
              batch.context.setSession('flow', '1')
              batch.lifecycle.transition('flow', 'OPEN', 'CLOSED')
            }),
          'STORAGE_CONFLICT',
          'a batch whose condition does not hold',
        )
        await inside.decisionAudit.record('flow', 'AFTER')
        await transaction.commit()
        assert.equal(await eventsOf(storage), ['BEFORE', 'AFTER'], 'the events before and after it')
        assert.equal(await storage.context.getSession('flow'), null, 'nothing of the batch')
        assert.equal(await storage.resourceLock.getLockedAmount('gpu', null), 60, 'nothing of the acquire')
      },
    },
    {
      id: 'join/what-it-judged-holds',
      title: 'what a transaction was granted stays granted, whatever others ask for until it commits',
      clause: 'within: what it judged holds until the end',
      asserts: 3,
      async run({ storage, open, openTransaction, assert }) {
        await storage.init()
        const rival: StorageHandle = await open()
        await rival.init()
        const limit = { capacities: { gpu: 100 } }
        const transaction = await openTransaction()
        const inside = storage.within(transaction.client)
        const granted = await inside.resourceLock.acquireBatch('mine', { gpu: 60 }, 0, limit)
        const decided = await inside.lifecycle.transition('flow', null, 'MINE')
        const asked = await begun(
          Promise.allSettled([
            rival.resourceLock.acquireBatch('theirs', { gpu: 60 }, 3, limit),
            rival.lifecycle.transition('flow', null, 'THEIRS'),
          ]),
        )
        await transaction.commit()
        const [acquire, transition] = (await asked[0]) ?? []
        const isGranted = (one: PromiseSettledResult<unknown> | undefined): boolean =>
          one?.status === 'fulfilled' && one.value === true
        assert.equal([granted, decided], [true, true], 'the transaction is granted what it asked for')
        assert.equal([isGranted(acquire), isGranted(transition)], [false, false], 'and nobody else is')
        assert.equal(
          [
            await storage.resourceLock.getLockedAmount('gpu', null),
            await storage.lifecycle.getCurrentStatus('flow'),
          ],
          [60, 'MINE'],
          'what stands',
        )
      },
    },
    {
      id: 'join/what-others-decided-since-counts',
      title:
        'a transition that others made since a transaction began to look is not made a second time in it',
      clause: 'within: what it judged holds until the end',
      asserts: 2,
      async run({ storage, open, openTransaction, assert }) {
        await storage.init()
        const rival = await open()
        await rival.init()
        const transaction = await openTransaction()
        const { lifecycle } = storage.within(transaction.client)
        await lifecycle.getCurrentStatus('flow')
        const asked = await begun(rival.lifecycle.transition('flow', null, 'THEIRS').catch(() => false))
        const mine = await lifecycle.transition('flow', null, 'MINE').catch(() => false)
        await (mine ? transaction.commit() : transaction.rollback())
        const theirs = await asked[0]
        assert.equal([mine, theirs].filter(Boolean).length, 1, 'how many were granted it')
        const made = (await storage.lifecycle.getTransitions('flow')).map(({ toStatus }) => toStatus)
        assert.equal(made, [mine ? 'MINE' : 'THEIRS'], 'and that is the one that was made')
      },
    },
    {
      id: 'join/no-event-appears-before-an-earlier-one',
      title: 'a reader who has seen an event never misses one of a transaction that was open then',
      clause: 'within: no seq comes out of order',
      asserts: 1,
      async run({ storage, open, openTransaction, assert }) {
        await storage.init()
        const rival = await open()
        await rival.init()
        const transaction = await openTransaction()
        await storage.within(transaction.client).decisionAudit.record('flow', 'INSIDE')
        const recorded = await begun(rival.decisionAudit.record('flow', 'OUTSIDE'))
        const seen: string[] = []
        let afterSeq = 0
        const look = async (): Promise<void> => {
          for await (const { event, seq } of storage.decisionAudit.events({ afterSeq })) {
            seen.push(event)
            afterSeq = seq
          }
        }
        await look()
        await transaction.commit()
        await Promise.all(recorded)
        await look()
        assert.equal(
          seen.toSorted(),
          ['INSIDE', 'OUTSIDE'],
          'what a reader saw who went on from the last seq',
        )
      },
    },
  ],
)
