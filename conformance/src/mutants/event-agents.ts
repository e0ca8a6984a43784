import type { AuditEvent, EventFilter, StorageHandle } from '@dir/storage-core'
import { event, plant } from '../scenarios/plant.ts'
import { asking, listing } from './listing.ts'
import type { Mutant } from './mutant.ts'
import { over } from './over.ts'

/** Changes what is asked for. */
const asked = (change: (filter: EventFilter) => EventFilter): Mutant['wrap'] =>
  listing<AuditEvent, EventFilter>('decisionAudit', 'events', asking(change))

/** How many events a filter finds. */
export const count = async (audit: StorageHandle['decisionAudit'], filter: EventFilter): Promise<number> =>
  (await Array.fromAsync(audit.events(filter))).length

export const eventAgentsMutants: readonly Mutant[] = [
  {
    id: 'newest-first-of-any-agent',
    breaks: 'newest first, the events of all agents come',
    from: 'a condition that stands in one of two queries',
    killedBy: 'decision-audit/events-by-agent',
    wrap: over(({ decisionAudit }) => ({
      decisionAudit: {
        events(filter) {
          if (filter?.newestFirst !== true) return decisionAudit.events(filter)
          const { agentId: _, ...rest } = filter
          return decisionAudit.events(rest)
        },
      },
    })),
    async witness({ decisionAudit }) {
      await decisionAudit.record('w', 'E', { agentId: 'a' })
      return (await count(decisionAudit, { agentId: 'b', newestFirst: true })) > 0
    },
  },
  {
    id: 'agent-forgotten-beside-a-flow',
    breaks: 'with a flow, the events of all its agents come',
    from: 'an index by flow that is looked through without the other condition',
    killedBy: 'decision-audit/events-by-agent',
    wrap: asked(({ agentId, ...rest }) =>
      rest.dfid !== undefined || agentId === undefined ? rest : { ...rest, agentId },
    ),
    async witness({ decisionAudit }) {
      await decisionAudit.record('w', 'E', { agentId: 'a' })
      return (await count(decisionAudit, { agentId: 'b', dfid: 'w' })) > 0
    },
  },
  {
    id: 'many-events-forget-their-agents',
    breaks: 'recordMany does not keep the agents of its events',
    from: 'a column that one of two inserts has',
    killedBy: 'decision-audit/events-by-agent',
    wrap: over(({ decisionAudit }) => ({
      decisionAudit: {
        recordMany: (events) =>
          decisionAudit.recordMany(
            Array.isArray(events)
              ? events.map((one) => {
                  if (typeof one?.agentId !== 'string' || one.agentId.includes('\0')) return one
                  const { agentId, ...rest } = one
                  return agentId === '' ? one : rest
                })
              : events,
          ),
      },
    })),
    async witness({ decisionAudit }) {
      await decisionAudit.recordMany([{ dfid: 'w', event: 'E', agentId: 'a' }])
      return (await count(decisionAudit, { agentId: 'a' })) === 0
    },
  },
  {
    id: 'a-follower-takes-every-agent',
    breaks: 'who follows an agent gets the events of all',
    from: 'a notification that is passed on without the filter',
    killedBy: 'decision-audit/a-follower-waits-for-more',
    wrap: over(({ decisionAudit }) => ({
      decisionAudit: {
        events(filter) {
          if (filter?.follow !== true) return decisionAudit.events(filter)
          const { agentId: _, ...rest } = filter
          return decisionAudit.events(rest)
        },
      },
    })),
    async witness({ decisionAudit }) {
      await decisionAudit.record('w', 'E', { agentId: 'a' })
      const filter = { agentId: 'b', follow: true, limit: 1, signal: AbortSignal.timeout(500) }
      return (await count(decisionAudit, filter)) > 0
    },
  },
  {
    id: 'an-import-forgets-agents',
    breaks: 'an import does not keep the agents of events',
    from: 'a field that the other way does not have',
    killedBy: 'transfer/a-copy-is-exact',
    capability: 'export',
    wrap: over((sound) => ({
      importRecords: (records, options) =>
        sound.importRecords(
          Array.isArray(records)
            ? records.map((one) =>
                one?.type === 'event' && !('unfit' in one) ? { ...one, agentId: undefined } : one,
              )
            : records,
          options,
        ),
    })),
    async witness(storage) {
      await plant(storage, [event(1, 'w', { agentId: 'a' })])
      return (await count(storage.decisionAudit, { agentId: 'a' })) === 0
    },
  },
]
