import type { StorageHandle, StorageRecord } from '@dir/storage-core'
import { range } from '../scenarios/kit.ts'
import { plant, result, move } from '../scenarios/plant.ts'
import { LAST, OLD, contents, flow, prune } from '../scenarios/prune-kit.ts'
import type { Mutant } from './mutant.ts'
import { over } from './over.ts'
import { pruning } from './prune.ts'

type Kind = StorageRecord['type']
type Of<T extends Kind> = Extract<StorageRecord, { type: T }>
type Result = Of<'idempotency'>

/** Puts some of what a prune removed back. */
const leaving = <T extends Kind>(
  type: T,
  putBack: (sound: StorageHandle, gone: readonly Of<T>[]) => Promise<unknown>,
): Mutant['wrap'] =>
  pruning((run, sound) => async (options) => {
    const all = async (): Promise<readonly Of<T>[]> =>
      (await Array.fromAsync(sound.exportRecords())).filter((one): one is Of<T> => one.type === type)
    const before = await all()
    const summary = await run(options)
    const after = new Set((await all()).map((record) => JSON.stringify(record)))
    const gone = before.filter((record) => !after.has(JSON.stringify(record)))
    await putBack(sound, gone)
    return summary
  })

/** Whether a record of this kind is left of an old flow. */
const isLeft =
  (type: Kind) =>
  async (storage: StorageHandle): Promise<boolean> => {
    await plant(storage, [...flow('w', 1), LAST])
    await prune(storage)
    return (await contents(storage)).some((one) => one.startsWith(`{"type":"${type}"`) && one.includes('w'))
  }

const storeAgain = async ({ idempotency }: StorageHandle, gone: readonly Result[]): Promise<void> => {
  for (const { key } of gone) await idempotency.set(key, { ok: true })
}

export const prunePartMutants: readonly Mutant[] = [
  {
    id: 'prune-leaves-sessions',
    breaks: 'the sessions of flows that are removed stay',
    from: 'a table that nobody thought of',
    killedBy: 'prune/removes-old-flows-whole',
    capability: 'prune',
    wrap: leaving('session', async ({ context }, gone) => {
      for (const { id, dataJson } of gone) await context.setSession(id, dataJson)
    }),
    witness: isLeft('session'),
  },
  {
    id: 'prune-leaves-results',
    breaks: 'the results of flows that are removed stay',
    from: 'keys that do not say whose they are',
    killedBy: 'prune/removes-old-flows-whole',
    capability: 'prune',
    wrap: leaving('idempotency', storeAgain),
    witness: isLeft('idempotency'),
  },
  {
    id: 'prune-leaves-retries',
    breaks: 'the retry counts of flows that are removed stay',
    from: 'a table that nobody thought of',
    killedBy: 'prune/removes-old-flows-whole',
    capability: 'prune',
    wrap: leaving('retryCount', async ({ intentRetry }, gone) => {
      for (const { dfid, count } of gone) await intentRetry.setCount(dfid, count)
    }),
    witness: isLeft('retryCount'),
  },
  {
    id: 'prune-leaves-pages-of-results',
    breaks: 'of very many results only the first thousand go',
    from: 'a loop that ends with its second page',
    killedBy: 'prune/many-results-and-tokens',
    capability: 'prune',
    wrap: leaving('idempotency', (sound, gone) => storeAgain(sound, gone.slice(1_000))),
    async witness(storage) {
      await plant(storage, [...range(1_001).map((n) => result(`w ${n}`, OLD)), LAST])
      await prune(storage)
      return (await contents(storage)).length === 2
    },
  },
  {
    id: 'results-of-nothing',
    breaks: 'a result forgets for which flow it was claimed',
    from: 'a row that is replaced instead of changed',
    killedBy: 'prune/results-of-flows',
    capability: 'prune',
    wrap: over(({ idempotency }) => ({
      idempotency: { claim: (key, { dfid: _, ...options }) => idempotency.claim(key, options) },
    })),
    async witness(storage) {
      await plant(storage, [move('w', 'DONE', OLD), LAST])
      await storage.idempotency.claim('key', { leaseSec: 60, dfid: 'w' })
      return (await prune(storage)).flows === 1
    },
  },
]
