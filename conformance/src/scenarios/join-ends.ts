import { type JoinedStorage, PROTOCOLS } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { group } from './kit.ts'
import { aRequest, anAgent } from './samples.ts'

/** What the lists that are read page by page show, those of everything and those with every filter. */
async function listed(storage: JoinedStorage): Promise<unknown[]> {
  const { agentRegistry, idempotency, resourceLock, saga, escalation, lifecycle } = storage
  const old = { olderThanSec: 0 }
  const lists: readonly AsyncIterable<{
    readonly agentId?: string
    readonly key?: string
    readonly dfid?: string | null
  }>[] = [
    agentRegistry.listAgents(),
    agentRegistry.listAgents({ status: 'ACTIVE' }),
    idempotency.listClaims(),
    idempotency.listClaims({ ...old, state: 'inFlight', dfid: 'flow' }),
    resourceLock.listHolds(),
    resourceLock.listHolds({ ...old, dfid: 'flow', resourceId: 'r' }),
    saga.listDirtyFlows(),
    saga.listDirtyFlows(old),
    escalation.listRequests(),
    escalation.listRequests({ status: 'PENDING', agentId: 'agent' }),
    lifecycle.listFlows(),
    lifecycle.listFlows({ status: 'S' }),
  ]
  const seen: unknown[] = []
  for (const list of lists)
    seen.push((await Array.fromAsync(list)).map(({ key, dfid, agentId }) => key ?? dfid ?? agentId))
  return seen
}

async function fillLists(storage: JoinedStorage, id: string): Promise<void> {
  const { agentRegistry, idempotency, resourceLock, saga, escalation, lifecycle } = storage
  await agentRegistry.upsertAgent(anAgent(id))
  await idempotency.claim(id, { leaseSec: 600, dfid: 'flow' })
  await resourceLock.acquireBatch('flow', { r: 1 }, 5)
  await saga.markDirty(id, 'step', '{}')
  await escalation.insertRequest(aRequest(id, 'agent'))
  await lifecycle.recordTransition(id, null, 'S')
}

export const scenarios: readonly Scenario[] = group(
  { level: 'atomic', protocols: PROTOCOLS, capabilities: ['join'], needs: 'empty' },
  [
    {
      id: 'join/after-its-end-it-is-refused',
      title: 'calls within a transaction that is over are refused, and write nothing',
      clause: 'within: where none is open, calls reject with InvalidArgumentError',
      asserts: 4,
      async run({ storage, openTransaction, assert }) {
        await storage.init()
        for (const end of ['commit', 'rollback'] as const) {
          const transaction = await openTransaction()
          const inside = storage.within(transaction.client)
          await inside.context.setSession(end, '1')
          await transaction[end]()
          await assert.rejects(
            () => inside.context.setSession(end, '2'),
            'STORAGE_INVALID_ARGUMENT',
            `a write after ${end}`,
          )
        }
        assert.equal(await storage.context.getSession('commit'), '1', 'what was committed stands')
        assert.equal(await storage.context.getSession('rollback'), null, 'what was rolled back is gone')
      },
    },
    {
      id: 'join/close-waits-for-calls-under-way',
      title: 'calls within a transaction that are under way when the handle closes are answered',
      clause: 'close: waits for those under way',
      asserts: 2,
      async run({ storage, open, openTransaction, assert }) {
        await storage.init()
        const closing = await open()
        await closing.init()
        const transaction = await openTransaction()
        const inside = closing.within(transaction.client)
        const calls = Array.from({ length: 20 }, () => inside.intentRetry.increment('flow'))
        const closed = closing.close()
        const answers = (await Promise.allSettled(calls)).map((one) =>
          one.status === 'fulfilled' ? one.value : one.status,
        )
        assert.equal(
          answers,
          calls.map((_, n) => n + 1),
          'what they are answered',
        )
        await closed
        await transaction.commit()
        assert.equal(await storage.intentRetry.getCount('flow'), 20, 'and it is committed')
      },
    },
    {
      id: 'join/nobody-follows-inside',
      title: 'within a transaction nobody can wait for events to come; what it recorded is read there',
      clause: 'events({ follow: true }): InvalidArgumentError inside a transaction',
      asserts: 2,
      async run({ storage, openTransaction, assert }) {
        await storage.decisionAudit.record('flow', 'before') // so that nobody waits in vain who follows all the same
        const transaction = await openTransaction()
        const { decisionAudit } = storage.within(transaction.client)
        const seq = await decisionAudit.record('flow', 'E')
        const events = decisionAudit.events({ follow: true, limit: 1 })
        await assert.rejects(() => Array.fromAsync(events), 'STORAGE_INVALID_ARGUMENT', 'following')
        const [newest] = await Array.fromAsync(decisionAudit.events({ newestFirst: true, limit: 1 }))
        assert.equal(newest?.seq, seq, 'reading')
        await transaction.rollback()
      },
    },
    {
      id: 'join/lists-see-what-it-wrote',
      title: 'the lists of a transaction have what was there and what it wrote, and nobody else sees that',
      clause: 'within: sees what your transaction wrote',
      asserts: 4,
      async run({ storage, open, openTransaction, assert }) {
        await fillLists(storage, 'a')
        const before = await listed(storage)
        assert.equal(before.flat().length, 12, 'each list has one')
        const transaction = await openTransaction()
        const inside = storage.within(transaction.client)
        assert.equal(await listed(inside), before, 'before it writes')
        await fillLists(inside, 'b')
        const lists = await listed(inside)
        assert.equal(await listed(await open()), before, 'what others see')
        await transaction.commit()
        assert.equal(
          [lists, lists.flat().length],
          [await listed(storage), 22],
          'what it sees, and all once it commits',
        )
      },
    },
    {
      id: 'join/strangers-are-refused',
      title: 'what is no client of the backend is refused at once',
      clause: 'within: throws InvalidArgumentError for what is no client',
      asserts: 5,
      async run({ storage, assert }) {
        await storage.init()
        for (const [name, stranger] of Object.entries({
          null: null,
          text: 'client',
          number: 1,
          object: {},
          function() {},
        }))
          await assert.rejects(
            async () => storage.within(stranger as object),
            'STORAGE_INVALID_ARGUMENT',
            `within(${name})`,
            { argument: 'client' },
          )
      },
    },
  ],
)
