import { PROTOCOLS, type StorageHandle } from '@dir/storage-core'
import { expect, test } from 'vitest'
import { withServer } from '../../../scripts/servers/live.ts'
import { dropNamespace, redisStorage } from '../src/index.ts'
import { startLossyProxy } from './lossy-proxy.ts'

const namespace = 'round_trips'
const id = 'one'
const request = {
  dfid: id,
  agentId: id,
  reason: 'r',
  contextJson: '{}',
  proposalJson: '{}',
  impact: 'LOW',
}
const agent = {
  agentId: id,
  contractJson: '{}',
  priority: 1,
  status: 'ACTIVE',
  agentVersion: null,
  sessionToken: null,
}

type Verbs<P extends keyof StorageHandle> = {
  readonly [V in Exclude<keyof StorageHandle[P], 'initSchema' | 'events'>]: (
    protocol: StorageHandle[P],
  ) => Promise<unknown>
}

/** Every verb of every protocol, alone. */
const VERBS: { readonly [P in (typeof PROTOCOLS)[number]]: Verbs<P> } = {
  agentRegistry: {
    upsertAgent: (on) => on.upsertAgent(agent),
    getAgent: (on) => on.getAgent(id),
    getStatus: (on) => on.getStatus(id),
    updateStatus: (on) => on.updateStatus(id, 'SUSPENDED', null),
    listActiveAgents: (on) => on.listActiveAgents(),
    listAgents: (on) => on.listAgents()[Symbol.asyncIterator]().next(),
  },
  context: {
    getSession: (on) => on.getSession(id),
    setSession: (on) => on.setSession(id, '{}'),
    compareAndSetSession: (on) => on.compareAndSetSession(id, '{}', '{}'),
    getState: (on) => on.getState(id),
    setState: (on) => on.setState(id, '{}'),
    compareAndSetState: (on) => on.compareAndSetState(id, '{}', '{}'),
  },
  idempotency: {
    get: (on) => on.get(id),
    getResultJson: (on) => on.getResultJson(id),
    set: (on) => on.set(id, {}),
    setIfAbsent: (on) => on.setIfAbsent(id, {}),
    listClaims: (on) => on.listClaims()[Symbol.asyncIterator]().next(),
    claim: (on) => on.claim(id, { leaseSec: 1 }),
    renewClaim: (on) => on.renewClaim(id, 'token', 1),
    complete: (on) => on.complete(id, 'token', {}),
    abandon: (on) => on.abandon(id, 'token'),
  },
  decisionAudit: {
    record: (on) => on.record(id, 'event'),
    recordMany: (on) => on.recordMany([{ dfid: id, event: 'event' }]),
    eventsForDfid: (on) => on.eventsForDfid('nobody'),
    allEventsChronological: (on) => on.events({ limit: 1 })[Symbol.asyncIterator]().next(),
  },
  saga: {
    markDirty: (on) => on.markDirty(id, 'step', '{}'),
    getDirtyFlows: (on) => on.getDirtyFlows(),
    getDirtyState: (on) => on.getDirtyState(id),
    clearDirty: (on) => on.clearDirty(id),
    listDirtyFlows: (on) => on.listDirtyFlows()[Symbol.asyncIterator]().next(),
  },
  resourceLock: {
    getLockedAmount: (on) => on.getLockedAmount('r', null),
    acquireBatch: (on) => on.acquireBatch(id, { r: 1 }, 0),
    acquire: (on) => on.acquire(id, { r: 1 }, 5, { capacities: { r: 2 }, leaseSec: 60 }),
    renew: (on) => on.renew(id, 60),
    getHolds: (on) => on.getHolds(),
    listHolds: (on) => on.listHolds()[Symbol.asyncIterator]().next(),
    release: (on) => on.release(id),
  },
  intentRetry: {
    getCount: (on) => on.getCount(id),
    setCount: (on) => on.setCount(id, 1),
    increment: (on) => on.increment(id),
    delete: (on) => on.delete(id),
  },
  escalation: {
    getWindowCount: (on) => on.getWindowCount(id, '2026-01-01T00:00:00Z'),
    recordBudgetToken: (on) => on.recordBudgetToken(id),
    insertRequest: (on) => on.insertRequest(request),
    resolveRequest: (on) => on.resolveRequest(id, '2026-01-01T00:00:00Z', 'APPROVED', null),
    getRequest: (on) => on.getRequest(id),
    listRequests: (on) => on.listRequests()[Symbol.asyncIterator]().next(),
    getPendingRequests: (on) => on.getPendingRequests(),
    requestWithinBudget: (on) => on.requestWithinBudget(request, { limit: 5, windowSec: 60 }),
    tryConsumeBudget: (on) => on.tryConsumeBudget(id, { limit: 5, windowSec: 60 }),
  },
  lifecycle: {
    recordTransition: (on) => on.recordTransition(id, null, 'OPEN'),
    getTransitions: (on) => on.getTransitions('nobody'),
    listFlows: (on) => on.listFlows({ status: 'OPEN' })[Symbol.asyncIterator]().next(),
    getCurrentStatus: (on) => on.getCurrentStatus(id),
    transition: (on) => on.transition(id, 'OPEN', 'OPEN'),
  },
}

withServer('redis', (url) => {
  test('every verb alone goes to the server once, and so does a batch', async () => {
    await dropNamespace({ url, namespace })
    const proxy = await startLossyProxy(url)
    const storage = redisStorage({ url: proxy.url, namespace })
    const tripsOf = async (act: () => Promise<unknown>): Promise<number> => {
      await act() // the server learns the script
      const before = proxy.trips
      await act()
      return proxy.trips - before
    }
    try {
      for (const protocol of PROTOCOLS)
        for (const [verb, act] of Object.entries(VERBS[protocol]))
          expect([protocol, verb, await tripsOf(() => act(storage[protocol] as never))]).toEqual([
            protocol,
            verb,
            1,
          ])
      const batch = () =>
        storage.atomically((recorded) => {
          recorded.decisionAudit.record(id, 'event')
          recorded.context.setSession(id, '{}')
          recorded.resourceLock.acquire(id, { r: 1 }, 0)
        })
      expect(await tripsOf(batch)).toBe(1)
      // events are asked for until none is left
      expect(await tripsOf(() => storage.decisionAudit.eventsForDfid(id))).toBe(2)
    } finally {
      await storage.close()
      await proxy.close()
      await dropNamespace({ url, namespace })
    }
  })
})
