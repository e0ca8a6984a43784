// Writes to one record that replace it: agents, sessions and states, dirty marks, counts.
import type { AgentInput, StorageHandle } from '@dir/storage-core'
import type { Write } from './write.ts'

const agent = (agentId: string, status: string): AgentInput => ({
  agentId,
  contractJson: JSON.stringify({ status }),
  priority: 1,
  status,
  agentVersion: null,
  sessionToken: null,
})

const agents: Pick<Write, 'look'> = {
  look: async ({ agentRegistry }, id) => [
    await agentRegistry.getAgent(id),
    await agentRegistry.getStatus(id),
    (await agentRegistry.listActiveAgents()).includes(id),
  ],
}

/** Sessions and states are alike. */
function contextOf(
  kind: 'Session' | 'State',
  get: (storage: StorageHandle, id: string) => Promise<string | null>,
  set: (storage: StorageHandle, id: string, text: string) => Promise<void>,
  compareAndSet: (storage: StorageHandle, id: string, expected: string, text: string) => Promise<boolean>,
): Write[] {
  const first = (storage: StorageHandle, id: string): Promise<void> => set(storage, id, '"first"')
  return [
    {
      name: `context.set${kind}`,
      act: (storage, id) => set(storage, id, '"act"'),
      look: get,
      later: (storage, id) => set(storage, id, '"later"'),
    },
    {
      name: `context.compareAndSet${kind}`,
      prepare: first,
      act: (storage, id) => compareAndSet(storage, id, '"first"', '"act"'),
      look: get,
      later: first, // so that its condition holds once more
    },
  ]
}

const counts: Pick<Write, 'look'> = { look: ({ intentRetry }, id) => intentRetry.getCount(id) }

const marks: Pick<Write, 'look'> = {
  look: async ({ saga }, id) => [
    await saga.getDirtyState(id),
    (await saga.getDirtyFlows()).filter((one) => one === id).length,
  ],
}

export const registers: readonly Write[] = [
  {
    ...agents,
    name: 'agentRegistry.upsertAgent',
    act: ({ agentRegistry }, id) => agentRegistry.upsertAgent(agent(id, 'ACTIVE')),
    later: ({ agentRegistry }, id) => agentRegistry.upsertAgent(agent(id, 'REVOKED')),
  },
  {
    ...agents,
    name: 'agentRegistry.updateStatus',
    prepare: ({ agentRegistry }, id) => agentRegistry.upsertAgent(agent(id, 'SUSPENDED')),
    act: ({ agentRegistry }, id) => agentRegistry.updateStatus(id, 'ACTIVE', null),
    later: ({ agentRegistry }, id) => agentRegistry.updateStatus(id, 'REVOKED', 'later'),
  },
  ...contextOf(
    'Session',
    ({ context }, id) => context.getSession(id),
    ({ context }, id, text) => context.setSession(id, text),
    ({ context }, id, expected, text) => context.compareAndSetSession(id, expected, text),
  ),
  ...contextOf(
    'State',
    ({ context }, id) => context.getState(id),
    ({ context }, id, text) => context.setState(id, text),
    ({ context }, id, expected, text) => context.compareAndSetState(id, expected, text),
  ),
  {
    ...marks,
    name: 'saga.markDirty',
    act: ({ saga }, id) => saga.markDirty(id, 'act', '{}'),
    later: ({ saga }, id) => saga.clearDirty(id),
  },
  {
    ...marks,
    name: 'saga.clearDirty',
    prepare: ({ saga }, id) => saga.markDirty(id, 'first', '{}'),
    act: ({ saga }, id) => saga.clearDirty(id),
    later: ({ saga }, id) => saga.markDirty(id, 'later', '{}'),
  },
  {
    ...counts,
    name: 'intentRetry.setCount',
    act: ({ intentRetry }, id) => intentRetry.setCount(id, 5),
    later: ({ intentRetry }, id) => intentRetry.setCount(id, 7),
  },
  {
    ...counts,
    name: 'intentRetry.delete',
    prepare: ({ intentRetry }, id) => intentRetry.setCount(id, 3),
    act: ({ intentRetry }, id) => intentRetry.delete(id),
    later: ({ intentRetry }, id) => intentRetry.setCount(id, 7),
  },
  {
    ...counts,
    name: 'intentRetry.increment',
    act: ({ intentRetry }, id) => intentRetry.increment(id),
    later: ({ intentRetry }, id) => intentRetry.increment(id),
  },
]
