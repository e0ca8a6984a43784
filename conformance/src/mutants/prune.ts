import type { PruneOptions, PruneSummary, StorageHandle, StorageRecord } from '@dir/storage-core'
import { asked, claim, hold, mark, plant, result, token } from '../scenarios/plant.ts'
import { LAST, OLD, flow, prune } from '../scenarios/prune-kit.ts'
import type { Mutant } from './mutant.ts'
import { over } from './over.ts'

type Prune = (options: PruneOptions) => Promise<PruneSummary>

/** Changes `prune`. */
export const pruning = (change: (run: Prune, sound: StorageHandle) => Prune): Mutant['wrap'] =>
  over((sound) => ({ prune: change((options) => sound.prune(options), sound) }))

/** Changes what it is asked for, where that is well-formed. */
const asking = (
  change: (options: PruneOptions, sound: StorageHandle) => PruneOptions | Promise<PruneOptions>,
): Mutant['wrap'] =>
  pruning((run, sound) => async (options) => {
    await sound.prune({ ...options, dryRun: true, onProgress: () => {} })
    return run(await change(options, sound))
  })

/** The flows that are left of these records, after a prune. */
export async function left(
  storage: StorageHandle,
  records: readonly StorageRecord[],
  options?: Partial<PruneOptions>,
): Promise<string> {
  await plant(storage, [...records, LAST])
  await prune(storage, options)
  return (await Array.fromAsync(storage.lifecycle.listFlows())).map(({ dfid }) => dfid).join(' ')
}

/** What is said to be removed of these records. */
export async function told(
  storage: StorageHandle,
  records: readonly StorageRecord[],
  options?: Partial<PruneOptions>,
): Promise<PruneSummary> {
  await plant(storage, [...records, LAST])
  return prune(storage, options)
}

const statuses = async ({ lifecycle }: StorageHandle): Promise<string[]> =>
  (await Array.fromAsync(lifecycle.listFlows())).map(({ status }) => status)

export const later = (time: string): string => `${time.slice(0, -2)}${Number(time.at(-2)) + 1}Z`

/** Takes away what keeps a flow, before the flows are looked at; nothing of it comes again. */
export const disregarding = (
  forget: (sound: StorageHandle, options: PruneOptions) => Promise<unknown>,
): Mutant['wrap'] =>
  pruning((run, sound) => async (options) => {
    if (options.dryRun !== true) await forget(sound, options)
    return run(options)
  })

export const pruneMutants: readonly Mutant[] = [
  {
    id: 'prune-any-status',
    breaks: 'prune removes flows in every status',
    from: 'a condition on the age alone',
    killedBy: 'prune/keeps-what-is-not-over',
    capability: 'prune',
    wrap: asking(async (options, sound) => {
      return { ...options, terminal: [...options.terminal, ...(await statuses(sound))] }
    }),
    witness: async (storage) => (await left(storage, flow('w', 1, 'OPEN'))) === '',
  },
  {
    id: 'prune-statuses-alike',
    breaks: 'prune takes statuses in upper and lower case for the same',
    from: 'a collation that ignores case',
    killedBy: 'prune/terminal-statuses',
    capability: 'prune',
    wrap: asking(async (options, sound) => {
      const small = new Set(options.terminal.map((one) => one.toLowerCase()))
      const alike = (await statuses(sound)).filter((one) => small.has(one.toLowerCase()))
      return { ...options, terminal: [...options.terminal, ...alike] }
    }),
    witness: async (storage) => (await left(storage, flow('w', 1, 'done'))) === '',
  },
  {
    id: 'prune-until-and-with',
    breaks: 'prune removes what happened at the moment that is asked for',
    from: '<= for <',
    killedBy: 'prune/by-the-microsecond',
    capability: 'prune',
    wrap: asking((options) => ({ ...options, before: later(options.before) })),
    witness: async (storage) => (await left(storage, flow('w', 1), { before: OLD })) === '',
  },
  {
    id: 'prune-in-earnest',
    breaks: 'prune removes also where it shall only tell',
    from: 'an option that one of several statements forgot',
    killedBy: 'prune/dry-run',
    capability: 'prune',
    wrap: asking((options) => ({ ...options, dryRun: false })),
    witness: async (storage) => (await left(storage, flow('w', 1), { dryRun: true })) === '',
  },
  {
    id: 'prune-dirty-flows',
    breaks: 'prune removes flows that are marked as dirty',
    from: 'a table that nobody thought of',
    killedBy: 'prune/keeps-what-is-not-over',
    capability: 'prune',
    wrap: disregarding(async ({ saga }) => {
      for (const dfid of await saga.getDirtyFlows()) await saga.clearDirty(dfid)
    }),
    witness: async (storage) => (await left(storage, [...flow('w', 1), mark('w', OLD)])) === '',
  },
  {
    id: 'prune-holders',
    breaks: 'prune removes flows that hold capital',
    from: 'a table that nobody thought of',
    killedBy: 'prune/keeps-what-is-not-over',
    capability: 'prune',
    wrap: disregarding(async ({ resourceLock }) => {
      for await (const { dfid } of resourceLock.listHolds()) await resourceLock.release(dfid)
    }),
    witness: async (storage) => (await left(storage, [...flow('w', 1), hold('w', 'fund', 1)])) === '',
  },
  {
    id: 'prune-waiting-flows',
    breaks: 'prune removes flows that wait for a human',
    from: 'a comparison with a time of decision that is null',
    killedBy: 'prune/keeps-what-is-not-over',
    capability: 'prune',
    wrap: disregarding(async ({ escalation }) => {
      for (const { dfid } of await escalation.getPendingRequests())
        await escalation.resolveRequest(dfid, OLD, '', null)
    }),
    witness: async (storage) =>
      (await left(storage, [...flow('w', 1).filter(({ type }) => type !== 'request'), asked('w', OLD)])) ===
      '',
  },
  {
    id: 'prune-claimed-flows',
    breaks: 'prune removes flows with a claim that has no result',
    from: 'claims that are looked for among results',
    killedBy: 'prune/keeps-what-is-not-over',
    capability: 'prune',
    wrap: disregarding(async ({ idempotency }) => {
      for await (const { key } of idempotency.listClaims()) await idempotency.set(key, {})
    }),
    witness: async (storage) =>
      (await left(storage, [...flow('w', 1), claim('open', OLD, { dfid: 'w' })])) === '',
  },
  {
    id: 'prune-unsettled-results',
    breaks: 'results go as soon as they are older than the moment, however long they shall stay',
    from: 'one time limit for everything',
    killedBy: 'prune/results-and-tokens-by-age',
    capability: 'prune',
    wrap: asking((options) => ({ ...options, keepResultsSec: 0 })),
    witness: async (storage) =>
      (await told(storage, [result('w', OLD)], { keepResultsSec: 1e9 })).removed.idempotency === 1,
  },
  {
    id: 'prune-counting-tokens',
    breaks: 'tokens go that a window of a budget still counts',
    from: 'one time limit for everything',
    killedBy: 'prune/results-and-tokens-by-age',
    capability: 'prune',
    wrap: asking((options) => ({ ...options, keepTokensSec: 0 })),
    witness: async (storage) =>
      (await told(storage, [token('w', OLD)], { keepTokensSec: 1e9 })).removed.escalation === 1,
  },
  {
    id: 'prune-the-last-event',
    breaks: 'the flow with the last event of the log goes, where another event is put in its place',
    from: 'a log that is numbered by what is in it',
    killedBy: 'prune/keeps-the-last-event',
    capability: 'prune',
    wrap: disregarding(({ decisionAudit }) => decisionAudit.record('pruned', 'PRUNED')),
    async witness(storage) {
      await plant(storage, flow('w', 1))
      return (await prune(storage)).flows === 1
    },
  },
]
