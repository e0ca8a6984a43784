import { range } from '../scenarios/kit.ts'
import { ago, claim, decided, move, plant, result, token } from '../scenarios/plant.ts'
import { LAST, OLD, contents, flow, meanwhile, prune } from '../scenarios/prune-kit.ts'
import type { Mutant } from './mutant.ts'
import { overShared } from './over.ts'
import { disregarding, later, left, pruning, told } from './prune.ts'

// What prune takes for old, and what it does not wait for.

export const pruneLimitMutants: readonly Mutant[] = [
  {
    id: 'prune-open-claims',
    breaks: 'old claims that have no result go like results',
    from: 'a condition on the age of the row alone',
    killedBy: 'prune/keeps-open-claims',
    capability: 'prune',
    wrap: disregarding(async ({ idempotency }) => {
      for await (const { key, dfid, token: by = '' } of idempotency.listClaims())
        if (dfid === null) await idempotency.abandon(key, by)
    }),
    async witness(storage) {
      await plant(storage, [claim('w', OLD), LAST])
      await prune(storage)
      return (await contents(storage)).length === 1
    },
  },
  {
    id: 'prune-unsettled-flows',
    breaks: 'flows are removed with results that shall stay longer',
    from: 'a time limit for results that only those of no flow go by',
    killedBy: 'prune/results-of-flows-by-age',
    capability: 'prune',
    wrap: disregarding(async (sound, { keepResultsSec = 604_800 }) => {
      for await (const one of sound.exportRecords())
        if (
          one.type === 'idempotency' &&
          one.dfid !== undefined &&
          (one.createdAt ?? '') > ago(keepResultsSec)
        )
          await sound.idempotency.set(one.key, {})
    }),
    witness: async (storage) => (await left(storage, flow('w', 1), { keepResultsSec: 1e9 })) === '',
  },
  {
    id: 'prune-decided-at-the-moment',
    breaks: 'prune removes flows of which a human decided at the moment that is asked for',
    from: '<= for <',
    killedBy: 'prune/by-the-microsecond',
    capability: 'prune',
    wrap: disregarding(async ({ escalation }, { before }) => {
      for await (const { resolvedAt, ...request } of escalation.listRequests()) {
        if (resolvedAt !== before) continue
        const { dfid, agentId, reason, impact } = request
        await escalation.insertRequest({
          dfid,
          agentId,
          reason,
          impact,
          contextJson: '{}',
          proposalJson: '{}',
        })
        await escalation.resolveRequest(dfid, OLD, '', null)
      }
    }),
    async witness(storage) {
      const before = ago(9_000)
      return (await left(storage, [decided('w', before), move('w', 'DONE', OLD)], { before })) === ''
    },
  },
  {
    id: 'prune-pages-until-and-with',
    breaks: 'prune removes results and tokens of the moment that is asked for',
    from: '<= for <',
    killedBy: 'prune/results-and-tokens-by-the-microsecond',
    capability: 'prune',
    wrap: pruning((run) => async (options) => {
      const { removed, ...rest } = await run(options)
      const more = await run({ ...options, before: later(options.before), terminal: ['of no flow'] })
      const both = { idempotency: 0, escalation: 0, ...removed }
      both.idempotency += more.removed.idempotency ?? 0
      both.escalation += more.removed.escalation ?? 0
      return { ...rest, removed: both }
    }),
    async witness(storage) {
      const options = { before: OLD, keepTokensSec: 0 }
      const { removed } = await told(storage, [result('w', OLD), token('w', OLD)], options)
      return removed.idempotency === 1 && removed.escalation === 1
    },
  },
  {
    id: 'prune-marked-meanwhile',
    breaks: 'prune takes the flows that were not dirty when it began, marked or not',
    from: 'a list that is read first, and of which only the status is looked at again',
    killedBy: 'prune/beside-what-keeps-flows',
    capability: 'prune',
    wrap: pruning((run, { saga, lifecycle, intentRetry }) => async (options) => {
      const dirty = new Set(await saga.getDirtyFlows())
      const summary = await run(options)
      for (const dfid of summary.flows > 0 ? await saga.getDirtyFlows() : [])
        if (!dirty.has(dfid) && options.terminal.includes((await lifecycle.getCurrentStatus(dfid)) ?? ''))
          await intentRetry.delete(dfid)
      return summary
    }),
    async witness(storage, open) {
      const flows = range(40).map((n) => `w${n}`)
      await plant(storage, [...flows.flatMap((dfid, n) => flow(dfid, 10 * n + 1)), LAST])
      const other = await open()
      await meanwhile(storage, flows, (dfid) => other.saga.markDirty(dfid, 'step', '{}'))
      const there = await Array.fromAsync(storage.lifecycle.listFlows())
      const counts = await Promise.all(there.map(({ dfid }) => storage.intentRetry.getCount(dfid)))
      return counts.includes(0)
    },
  },
  {
    id: 'prune-takes-new-results',
    breaks: 'a result that is stored while a prune goes is removed with the one that it replaces',
    from: 'keys that are listed first, and removed without another look at what they have',
    killedBy: 'prune/beside-new-results',
    capability: 'prune',
    wrap: overShared(
      () => ({ pruning: 0 }),
      (sound, shared) => ({
        async prune(options) {
          shared.pruning++
          return sound.prune(options).finally(() => shared.pruning--)
        },
        idempotency: {
          set: async (key, value) => (shared.pruning > 0 ? undefined : sound.idempotency.set(key, value)),
        },
      }),
    ),
    async witness(storage, open) {
      await plant(storage, [result('w', OLD), LAST])
      const other = await open()
      const pruned = prune(storage)
      await other.idempotency.set('w', { n: 1 })
      await pruned
      return (await storage.idempotency.get('w')) === null
    },
  },
]
