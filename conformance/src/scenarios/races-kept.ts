import { PROTOCOLS, type StorageHandle } from '@dir/storage-core'
import type { Scenario, ScenarioContext } from '../scenario.ts'
import { Inconclusive } from '../verdict.ts'
import { KEPT_CONDITIONS, type KeptCondition } from './kept-conditions.ts'
import { group, openHandles, race, range } from './kit.ts'

const RACERS = 8
const ROUNDS = 5

/** Leaves the mark that tells, whatever its caller was told, whether a batch committed. */
const markOf = (id: string, racer: number): string => `${id} committed ${racer}`

const marked = (storage: StorageHandle, id: string): Promise<number[]> =>
  Promise.all(range(RACERS).map((racer) => storage.context.getState(markOf(id, racer)))).then((marks) =>
    range(RACERS).filter((racer) => marks[racer] !== null),
  )

/** A batch that was refused, or that others were in the way of, is none; what became of it, its mark tells. */
const settled = (call: Promise<unknown>): Promise<void> =>
  call.then(
    () => {},
    (error: { code?: string; retryable?: boolean; outcome?: string }) => {
      const refused = ['STORAGE_CONFLICT', 'STORAGE_INSUFFICIENT_CAPACITY'].includes(error.code ?? '')
      if (!refused && error.retryable !== true && error.outcome !== 'unknown') throw error
    },
  )

interface Round {
  readonly storage: StorageHandle
  readonly handles: readonly StorageHandle[]
  readonly ids: readonly [string, string]
  readonly known: readonly [string, string]
  readonly kind: KeptCondition
}

/** Half of the batches judge what the other half spoil. @returns which committed. */
async function crosswise({ storage, handles, ids, known, kind }: Round): Promise<number[]> {
  await race(
    handles,
    (handle, racer) =>
      settled(
        handle.atomically((batch) => {
          const [mine, other] = racer % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)
          kind.judge(batch, ids[mine], known[mine], racer)
          kind.spoil(batch, ids[other], known[other])
          batch.context.setState(markOf(ids[0], racer), '1')
        }),
      ),
    RACERS,
  )
  return marked(storage, ids[0])
}

/** Batches judge what a single call spoils. @returns which committed after that call was answered. */
async function afterRival({ storage, handles, ids, known, kind }: Round): Promise<[number[], number[]]> {
  const early: number[][] = []
  await race(
    handles,
    async (handle, racer) => {
      for (let turns = racer; turns > 0; turns--) await new Promise(setImmediate)
      if (racer % 4 === 3) {
        await kind.spoil(handle, ids[0], known[0])
        early.push(await marked(handle, ids[0]))
        return
      }
      const batch = handle.atomically((recorder) => {
        kind.judge(recorder, ids[0], known[0], racer)
        recorder.context.setState(markOf(ids[0], racer), '1')
      })
      await settled(batch)
    },
    RACERS,
  )
  const all = await marked(storage, ids[0])
  const seenByAll = range(RACERS).filter((racer) => early.every((seen) => seen.includes(racer)))
  return [all.filter((racer) => !seenByAll.includes(racer)), all]
}

async function run(context: ScenarioContext, kind: KeptCondition): Promise<void> {
  const { storage, assert } = context
  const handles = await openHandles(context, 4)
  let committed = 0
  // where nobody has committed yet, all rivals came first, and there was nothing to see
  for (let round = 0; round < 2 * ROUNDS || (committed === 0 && round < 20 * ROUNDS); round++) {
    const ids = [context.id(`x ${round}`), context.id(`y ${round}`)] as const
    const known = [await kind.prepare(storage, ids[0]), await kind.prepare(storage, ids[1])] as const
    const one = { storage, handles, ids, known, kind }
    if (round % 2 === 0) {
      const [late, all] = await afterRival(one)
      committed += all.length
      assert.equal(late, [], 'the batches that committed after their condition had been made false')
    } else if (kind.words !== 'acquire') {
      const winners = await crosswise(one)
      committed += winners.length
      const sides = new Set(winners.map((racer) => racer % 2))
      assert.ok(sides.size < 2, 'no two batches commit of which each makes the condition of the other false')
    }
  }
  if (committed === 0) throw new Inconclusive('No batch committed, so none was seen to keep its condition.')
}

export const scenarios: readonly Scenario[] = group(
  { level: 'atomic', protocols: PROTOCOLS, capabilities: ['atomically'] },
  KEPT_CONDITIONS.map((kind) => ({
    id: `races/${kind.words}-is-kept-until-the-commit`,
    title: `${kind.words.split('-')[0]} in a batch is as true when the batch commits as when it was judged`,
    clause: 'what was judged cannot change until the commit; else nothing is written',
    capabilities: kind.leases === true ? (['atomically', 'leases'] as const) : (['atomically'] as const),
    asserts: kind.words === 'acquire' ? ROUNDS : 2 * ROUNDS,
    run: (context: ScenarioContext) => run(context, kind),
  })),
)
