import type { AuditEvent, StorageHandle } from '@dir/storage-core'
import { move, plant, result, session, token } from '../scenarios/plant.ts'
import { LAST, OLD, flow, prune } from '../scenarios/prune-kit.ts'
import type { Mutant } from './mutant.ts'
import { type Changes, overShared } from './over.ts'
import { pruning } from './prune.ts'

// What there is afterwards of what was removed, and what went with it.

interface Removed {
  readonly keys: Set<string>
  readonly flows: Set<string>
  tokens: number
}

/** All keys and flows that there are. */
async function idsOf(storage: StorageHandle): Promise<Pick<Removed, 'keys' | 'flows'>> {
  const ids = { keys: new Set<string>(), flows: new Set<string>() }
  for await (const one of storage.exportRecords())
    if (one.type === 'idempotency') ids.keys.add(one.key)
    else if (one.type === 'transition') ids.flows.add(one.dfid)
  return ids
}

const missing = (before: ReadonlySet<string>, after: ReadonlySet<string>): readonly string[] =>
  [...before].filter((id) => !after.has(id))

/** Remembers what was removed. */
const remembering = (change: (sound: StorageHandle, removed: Removed) => Changes): Mutant['wrap'] =>
  overShared(
    (): Removed => ({ keys: new Set(), flows: new Set(), tokens: 0 }),
    (sound, removed) => ({
      async prune(options) {
        const before = await idsOf(sound)
        const summary = await sound.prune(options)
        const after = await idsOf(sound)
        for (const key of missing(before.keys, after.keys)) removed.keys.add(key)
        for (const dfid of missing(before.flows, after.flows)) removed.flows.add(dfid)
        if (summary.flows === 0) removed.tokens += summary.removed.escalation ?? 0
        return summary
      },
      ...change(sound, removed),
    }),
  )

export const pruneTraceMutants: readonly Mutant[] = [
  {
    id: 'prune-leaves-counts',
    breaks: 'a budget goes on counting tokens that were removed',
    from: 'a count that is kept beside the tokens',
    killedBy: 'prune/budgets-afterwards',
    capability: 'prune',
    wrap: remembering(({ escalation }, removed) => ({
      escalation: {
        async tryConsumeBudget(agentId, budget) {
          const { granted, used } = await escalation.tryConsumeBudget(agentId, budget)
          return { granted, used: used + removed.tokens }
        },
      },
    })),
    async witness(storage) {
      await plant(storage, [token('w', OLD), LAST])
      await prune(storage, { keepTokensSec: 0 })
      return (await storage.escalation.tryConsumeBudget('w', { limit: 9, windowSec: 60 })).used === 2
    },
  },
  {
    id: 'prune-leaves-hashes',
    breaks: 'a key whose result was removed is in use for its old request',
    from: 'a hash in a table of its own',
    killedBy: 'prune/keys-afterwards',
    capability: 'prune',
    wrap: remembering(({ idempotency }, removed) => ({
      idempotency: {
        claim: async (key, options) =>
          removed.keys.has(key) ? { state: 'mismatch' } : idempotency.claim(key, options),
      },
    })),
    async witness(storage) {
      await plant(storage, [result('w', OLD), LAST])
      await prune(storage)
      return (await storage.idempotency.claim('w', { leaseSec: 60 })).state === 'mismatch'
    },
  },
  {
    id: 'prune-leaves-events-by-time',
    breaks: 'events that were removed with their flow are still found by time',
    from: 'an index of its own, out of which nothing is taken',
    killedBy: 'prune/flows-afterwards',
    capability: 'prune',
    wrap: overShared(
      (): AuditEvent[] => [],
      (sound, gone) => ({
        async prune(options) {
          const before = await sound.decisionAudit.allEventsChronological()
          const summary = await sound.prune(options)
          const left = new Set((await sound.decisionAudit.allEventsChronological()).map(({ seq }) => seq))
          gone.push(...before.filter(({ seq }) => !left.has(seq)))
          return summary
        },
        decisionAudit: {
          async *events(filter) {
            yield* sound.decisionAudit.events(filter)
            if (filter?.from !== undefined && filter.limit === undefined) yield* gone
          },
        },
      }),
    ),
    async witness(storage) {
      await plant(storage, [...flow('w', 1), LAST])
      await prune(storage)
      const found = await Array.fromAsync(storage.decisionAudit.events({ from: OLD }))
      return found.some(({ dfid }) => dfid === 'w')
    },
  },
  {
    id: 'prune-leaves-tombstones',
    breaks: 'what is written to a flow that was removed before is not there',
    from: 'rows that are only marked as removed',
    killedBy: 'prune/flows-afterwards',
    capability: 'prune',
    wrap: remembering(({ context }, removed) => ({
      context: {
        setSession: async (dfid, json) =>
          removed.flows.has(dfid) ? undefined : context.setSession(dfid, json),
      },
    })),
    async witness(storage) {
      await plant(storage, [session('w'), move('w', 'DONE', OLD), LAST])
      await prune(storage)
      await storage.context.setSession('w', '{}')
      return (await storage.context.getSession('w')) === null
    },
  },
  {
    id: 'prune-flows-alike',
    breaks: 'with a flow go the retry counts of those whose ids are the same but for case and spaces',
    from: 'a collation that ignores case, or a CHAR column',
    killedBy: 'prune/flows-alike',
    capability: 'prune',
    wrap: pruning((run, sound) => async (options) => {
      const before = await idsOf(sound)
      const summary = await run(options)
      const after = await idsOf(sound)
      const alike = (dfid: string): string => dfid.toLowerCase().trim()
      const gone = new Set(missing(before.flows, after.flows).map(alike))
      for (const dfid of after.flows) if (gone.has(alike(dfid))) await sound.intentRetry.delete(dfid)
      return summary
    }),
    async witness(storage) {
      await plant(storage, [...flow('w', 1), ...flow('W', 10, 'OPEN'), LAST])
      await prune(storage)
      return (await storage.intentRetry.getCount('W')) === 0
    },
  },
]
