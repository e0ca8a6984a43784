import type { PruneSummary, StorageRecord } from '@dir/storage-core'
import { range } from '../scenarios/kit.ts'
import { mark, move, plant } from '../scenarios/plant.ts'
import { LAST, LATELY, OLD, flow, meanwhile, prune } from '../scenarios/prune-kit.ts'
import type { Mutant } from './mutant.ts'
import { over } from './over.ts'
import { pruning, told } from './prune.ts'

// How a prune goes, and what it tells.

export const pruneRunMutants: readonly Mutant[] = [
  {
    id: 'prune-keeps-it-to-itself',
    breaks: 'prune does not tell what it kept',
    from: 'a count that was not made',
    killedBy: 'prune/keeps-what-is-not-over',
    capability: 'prune',
    wrap: pruning((run) => async (options) => ({ ...(await run(options)), kept: {} })),
    witness: async (storage) =>
      (await told(storage, [...flow('w', 1), mark('w', OLD)])).kept.saga === undefined,
  },
  {
    id: 'prune-by-the-first-event',
    breaks: 'a flow is old when its first event is, whatever came later',
    from: 'MIN for MAX',
    killedBy: 'prune/keeps-what-is-not-over',
    capability: 'prune',
    wrap: pruning((run) => async (options) => {
      const { removed, kept, flows } = await run(options)
      const { decisionAudit = 0, ...others } = kept
      return { removed, flows: flows + decisionAudit, kept: others }
    }),
    witness: async (storage) =>
      (
        await told(storage, [
          ...flow('w', 1),
          { ...LAST, seq: 9, dfid: 'w', timestamp: LATELY } as StorageRecord,
        ])
      ).flows === 1,
  },
  {
    id: 'prune-the-first-batch',
    breaks: 'prune ends when it has removed some hundred flows',
    from: 'a LIMIT without a loop',
    killedBy: 'prune/many-flows',
    capability: 'prune',
    wrap: pruning((run) => async (options) => {
      const enough = new AbortController()
      let last: PruneSummary | undefined
      const onProgress = (soFar: PruneSummary): void => {
        options.onProgress?.(soFar)
        last = soFar
        if (soFar.flows >= 300) enough.abort()
      }
      return run({ signal: enough.signal, ...options, onProgress }).catch((error: unknown) => {
        if (enough.signal.aborted && last !== undefined) return last
        throw error
      })
    }),
    async witness(storage) {
      await plant(storage, [...range(400).map((n) => move(`w ${n}`, 'DONE', OLD)), LAST])
      return (await prune(storage)).flows < 400
    },
  },
  {
    id: 'prune-without-end',
    breaks: 'prune goes on after its signal',
    from: 'an option that nobody reads',
    killedBy: 'prune/is-ended-by-a-signal',
    capability: 'prune',
    wrap: pruning(
      (run) =>
        ({ signal: _, ...options }) =>
          run(options),
    ),
    async witness(storage) {
      await plant(storage, [...flow('w', 1), LAST])
      const ended = AbortSignal.abort()
      return prune(storage, { signal: ended }).then(
        () => true,
        () => false,
      )
    },
  },
  {
    id: 'prune-in-silence',
    breaks: 'prune does not tell how far it is',
    from: 'an option that nobody calls',
    killedBy: 'prune/many-flows',
    capability: 'prune',
    wrap: pruning(
      (run) =>
        ({ onProgress: _, ...options }) =>
          run(options),
    ),
    async witness(storage) {
      let calls = 0
      await prune(storage, { onProgress: () => calls++ })
      return calls === 0
    },
  },
  {
    id: 'prune-by-a-list',
    breaks: 'prune takes the flows that were over when it began, whatever became of them',
    from: 'a list that is read first, and removed by later',
    killedBy: 'prune/beside-writers',
    capability: 'prune',
    wrap: pruning((run, { lifecycle, intentRetry }) => async (options) => {
      const lists = options.terminal.map((status) => Array.fromAsync(lifecycle.listFlows({ status })))
      const listed = (await Promise.all(lists)).flat()
      const summary = await run(options)
      if (summary.flows > 0) for (const { dfid } of listed) await intentRetry.delete(dfid)
      return summary
    }),
    async witness(storage, open) {
      await plant(storage, [...range(60).flatMap((n) => flow(`w${n}`, 10 * n + 1)), LAST])
      const other = await open()
      const flows = range(60).map((n) => `w${n}`)
      const [, opened] = await meanwhile(storage, flows, (dfid) =>
        other.lifecycle.transition(dfid, 'DONE', 'OPEN'),
      )
      const counts = await Promise.all(flows.map((dfid) => storage.intentRetry.getCount(dfid)))
      return counts.some((count, n) => opened[n] === true && count === 0)
    },
  },
  {
    id: 'prune-overtakes',
    breaks: 'a prune is carried out before an event that was recorded before it',
    from: 'a second connection, or a queue of its own, for what is not urgent',
    killedBy: 'prune/sees-the-calls-before-it',
    capability: 'prune',
    wrap: over(({ decisionAudit }) => ({
      decisionAudit: {
        async record(dfid, event, details) {
          await new Promise((resolve) => setTimeout(resolve, 50))
          return decisionAudit.record(dfid, event, details)
        },
      },
    })),
    async witness(storage) {
      await plant(storage, [...flow('w', 1), LAST])
      const written = [storage.decisionAudit.record('w', 'E'), storage.decisionAudit.record('last', 'E')]
      const { flows } = await prune(storage)
      await Promise.all(written)
      return flows === 1
    },
  },
  {
    id: 'prune-renumbers',
    breaks: 'after a prune, events are numbered by how many there are',
    from: 'COUNT(*) + 1 as the next number',
    killedBy: 'prune/numbers-do-not-come-back',
    capability: 'prune',
    wrap: over(({ decisionAudit }) => ({
      decisionAudit: {
        async record(dfid, event, details) {
          const seq = await decisionAudit.record(dfid, event, details)
          return Math.min(seq, (await decisionAudit.allEventsChronological()).length)
        },
      },
    })),
    async witness(storage) {
      await plant(storage, flow('w', 1))
      await storage.decisionAudit.record('v', 'E')
      await prune(storage)
      return (await storage.decisionAudit.record('v', 'E')) === 2
    },
  },
]
