import { ago, move, plant } from '../scenarios/plant.ts'
import { record, shown } from './lifecycle-flows.ts'
import type { Mutant } from './mutant.ts'
import { overShared } from './over.ts'

// What keeps the statuses of flows, and misses something.

export const lifecycleFlowIndexMutants: readonly Mutant[] = [
  {
    id: 'flows-that-were-recorded-stay',
    breaks: 'a flow stays listed where `transition` left it, whatever is recorded unchecked',
    from: 'an index that only one of two verbs keeps',
    killedBy: 'lifecycle/flows-are-listed',
    wrap: overShared(
      () => new Set<string>(),
      ({ lifecycle }, recorded) => ({
        lifecycle: {
          async recordTransition(dfid, fromStatus, toStatus) {
            await lifecycle.recordTransition(dfid, fromStatus, toStatus)
            recorded.add(dfid)
          },
          async *listFlows(filter) {
            for await (const flow of lifecycle.listFlows(filter)) if (!recorded.has(flow.dfid)) yield flow
          },
        },
      }),
    ),
    async witness(storage) {
      await record(storage, 'wA')
      return (await shown(storage)) === ''
    },
  },
  {
    id: 'flows-of-a-batch-where-they-began',
    breaks: "of a batch's transitions of one flow the first counts",
    from: 'ON CONFLICT DO NOTHING, among rows of one statement',
    killedBy: 'lifecycle/flows-are-listed-after-a-batch',
    wrap: overShared(
      () => new Map<string, string>(),
      (storage, first) => ({
        atomically: (async (build: Parameters<typeof storage.atomically>[0]) => {
          const before = (await storage.lifecycle.getTransitions()).length
          const answer = await storage.atomically(build)
          for (const { dfid, toStatus } of (await storage.lifecycle.getTransitions())
            .slice(before)
            .toReversed())
            first.set(dfid, toStatus)
          return answer
        }) as typeof storage.atomically,
        lifecycle: {
          async *listFlows(filter) {
            for await (const flow of storage.lifecycle.listFlows(filter))
              yield { ...flow, status: first.get(flow.dfid) ?? flow.status }
          },
        },
      }),
    ),
    async witness(storage) {
      await storage.atomically((batch) => {
        batch.lifecycle.recordTransition('w', null, 'A')
        batch.lifecycle.recordTransition('w', 'A', 'B')
      })
      return (await shown(storage)) === 'wA'
    },
  },
  {
    id: 'flows-that-were-imported-are-missing',
    breaks: 'flows whose transitions were imported are not listed until they move',
    from: 'an import that fills the log and not what is kept beside it',
    killedBy: 'lifecycle/flows-are-listed-by-age',
    wrap: overShared(
      () => new Set<string>(),
      (storage, imported) => ({
        async importRecords(records, options) {
          const summary = await storage.importRecords(records, options)
          for (const { dfid } of await storage.lifecycle.getTransitions()) imported.add(dfid)
          return summary
        },
        lifecycle: {
          async *listFlows(filter) {
            for await (const flow of storage.lifecycle.listFlows(filter))
              if (!imported.has(flow.dfid)) yield flow
          },
        },
      }),
    ),
    async witness(storage) {
      await plant(storage, [move('w', 'A', ago(1))])
      return (await shown(storage)) === ''
    },
  },
]
