import { refused } from './acquiring.ts'
import type { Mutant } from './mutant.ts'
import { over } from './over.ts'

export const decisionAuditMutants: readonly Mutant[] = [
  {
    id: 'record-many-writes-a-part',
    breaks: 'of events recorded together, those before a malformed one are written',
    from: 'a loop of inserts without a transaction',
    killedBy: 'decision-audit/record-many-is-all-or-none',
    wrap: over(({ decisionAudit }) => ({
      decisionAudit: {
        async recordMany(events) {
          if (!Array.isArray(events)) return decisionAudit.recordMany(events)
          const seqs: number[] = []
          for (const event of events) seqs.push(...(await decisionAudit.recordMany([event])))
          return seqs
        },
      },
    })),
    async witness({ decisionAudit }) {
      await refused(
        decisionAudit.recordMany([
          { dfid: 'w', event: 'E' },
          { dfid: '', event: 'E' },
        ]),
      )
      return (await decisionAudit.eventsForDfid('w')).length === 1
    },
  },
  {
    id: 'no-details-are-null',
    breaks: 'an event without details has null instead of an empty object',
    from: 'a nullable column read as it is',
    killedBy: 'decision-audit/left-out-details-are-empty',
    wrap: over(({ decisionAudit }) => ({
      decisionAudit: {
        eventsForDfid: async (dfid) =>
          (await decisionAudit.eventsForDfid(dfid)).map((event) =>
            Object.keys(event.details ?? {}).length === 0 ? { ...event, details: null } : event,
          ),
      },
    })),
    async witness({ decisionAudit }) {
      await decisionAudit.record('w', 'E')
      return (await decisionAudit.eventsForDfid('w'))[0]?.details === null
    },
  },
  {
    id: 'time-in-milliseconds',
    breaks: 'the time of an event has three decimals instead of six',
    from: 'Date.toISOString',
    killedBy: 'decision-audit/events-are-in-the-order-of-insertion',
    wrap: over(({ decisionAudit }) => ({
      decisionAudit: {
        eventsForDfid: async (dfid) =>
          (await decisionAudit.eventsForDfid(dfid)).map((event) => ({
            ...event,
            timestamp: event.timestamp?.replace(/\d{3}Z$/, 'Z') ?? null,
          })),
      },
    })),
    async witness({ decisionAudit }) {
      await decisionAudit.record('w', 'E')
      return (await decisionAudit.eventsForDfid('w'))[0]?.timestamp?.length === 24
    },
  },
  {
    id: 'step-and-state-swapped',
    breaks: 'an event’s step is recorded as its state, and the other way round',
    from: 'parameters by position',
    killedBy: 'audit-store/reads-and-writes-the-audit-log',
    wrap: over(({ decisionAudit }) => ({
      decisionAudit: {
        async record(dfid, event, details) {
          const { stepId, state } = details ?? {}
          if (typeof stepId !== 'string' || typeof state !== 'string')
            return decisionAudit.record(dfid, event, details)
          return decisionAudit.record(dfid, event, { ...details, stepId: state, state: stepId })
        },
      },
    })),
    async witness({ decisionAudit }) {
      await decisionAudit.record('w', 'E', { stepId: 'a', state: 'b' })
      return (await decisionAudit.eventsForDfid('w'))[0]?.stepId === 'b'
    },
  },
]
