import type { Protocol, StorageHandle } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { LONG_AGO, group, range } from './kit.ts'
import { aRequest, anAgent } from './samples.ts'

const MANY = 1_030

/** How many calls are issued at once. */
const TOGETHER = 103

/** Ids in an order that is not theirs. */
const ids = range(MANY).map((n) => `${(n * 37) % MANY}`)

/** What is written call by call, and the lists and sums that then hold all of it. */
interface Written {
  readonly protocol: Protocol
  readonly write: (storage: StorageHandle, id: string) => Promise<unknown>
  readonly read: (storage: StorageHandle) => Promise<unknown>
  readonly expected: unknown
}

const WRITTEN: readonly Written[] = [
  {
    protocol: 'agentRegistry',
    write: ({ agentRegistry }, id) => agentRegistry.upsertAgent(anAgent(id)),
    read: ({ agentRegistry }) => agentRegistry.listActiveAgents(),
    expected: ids.toSorted(),
  },
  {
    protocol: 'decisionAudit',
    write: ({ decisionAudit }, id) => decisionAudit.record('flow', id),
    read: async ({ decisionAudit }) => [
      (await decisionAudit.eventsForDfid('flow')).map(({ event }) => event),
      (await decisionAudit.allEventsChronological()).map(({ event }) => event),
    ],
    expected: [ids, ids],
  },
  {
    protocol: 'saga',
    write: ({ saga }, id) => saga.markDirty(id, 'step', '{}'),
    read: ({ saga }) => saga.getDirtyFlows(),
    expected: ids,
  },
  {
    protocol: 'resourceLock',
    write: ({ resourceLock }, id) => resourceLock.acquireBatch(id, { r: 1 }, 30),
    read: async ({ resourceLock }) => [
      await resourceLock.getLockedAmount('r', null),
      await resourceLock.getLockedAmount('r', '7'),
    ],
    expected: [MANY, MANY - 1],
  },
  {
    protocol: 'escalation',
    write: ({ escalation }, id) =>
      Promise.all([escalation.insertRequest(aRequest(id, 'agent')), escalation.recordBudgetToken('agent')]),
    read: async ({ escalation }) => [
      (await escalation.getPendingRequests()).map(({ dfid }) => dfid),
      await escalation.getWindowCount('agent', LONG_AGO),
    ],
    expected: [ids, MANY],
  },
  {
    protocol: 'lifecycle',
    write: ({ lifecycle }, id) => lifecycle.recordTransition('flow', null, id),
    read: async ({ lifecycle }) => [
      (await lifecycle.getTransitions('flow')).map(({ toStatus }) => toStatus),
      (await lifecycle.getTransitions()).map(({ toStatus }) => toStatus),
    ],
    expected: [ids, ids],
  },
]

export const scenarios: readonly Scenario[] = WRITTEN.flatMap(({ protocol, write, read, expected }) =>
  group({ level: 'seed', protocols: [protocol], needs: 'empty' }, [
    {
      id: `long-lists/${protocol}`,
      title: `lists and sums of ${protocol} cover more than a thousand records that were written call by call`,
      clause: 'lists have no limit but the one asked for, and are in the order of insertion',
      asserts: 1,
      async run({ storage, assert }) {
        for (let n = 0; n < MANY; n += TOGETHER)
          await Promise.all(ids.slice(n, n + TOGETHER).map((id) => write(storage, id)))
        assert.equal(await read(storage), expected, 'what is listed and summed')
      },
    },
  ]),
)
