import type { Batch } from '@dir/storage-core'
import { refused } from './acquiring.ts'
import type { Mutant } from './mutant.ts'
import { over } from './over.ts'

type Recorded = (batch: Batch) => void

/** What a batch records, as one function per operation. */
function operationsOf(record: (batch: Batch) => unknown): Recorded[] {
  const operations: Recorded[] = []
  const recorder = (path: readonly string[]): unknown =>
    new Proxy(() => {}, {
      get: (_, key) => recorder([...path, String(key)]),
      apply(_, __, args: unknown[]) {
        operations.push((batch) => {
          const [first, second] = path as [string, string | undefined]
          const target = batch as unknown as Record<string, Record<string, unknown>>
          const method = second === undefined ? target[first] : target[first]?.[second]
          ;(method as unknown as (...given: unknown[]) => void)(...args)
        })
      },
    })
  const returned = record(recorder([]) as Batch)
  if (returned !== undefined) throw new TypeError('not a batch to take apart')
  return operations
}

/** Takes a batch apart where it can be; else leaves it to the sound handle. */
function tryOperations(record: (batch: Batch) => unknown): Recorded[] | null {
  try {
    const operations = operationsOf(record)
    return operations.length > 100 ? null : operations
  } catch {
    return null
  }
}

export const batchMutants: readonly Mutant[] = [
  {
    id: 'batch-answers-in-the-order-recorded',
    breaks: 'a batch answers with everything, whatever its callback returned',
    from: 'a callback whose answer nobody looks at',
    killedBy: 'atomically/answers-with-what-its-callback-returns',
    wrap: over((sound) => ({ atomically: (record) => sound.atomically((batch) => void record(batch)) })),
    async witness(storage) {
      const answers: unknown[] = await storage.atomically((batch) => {
        batch.context.setSession('w', '1')
        return [batch.intentRetry.increment('w')]
      })
      return answers.length === 2
    },
  },
  {
    id: 'batch-one-by-one',
    breaks: 'the operations of a batch are committed one after another, up to the one that fails',
    from: 'a MULTI without WATCH; a loop that looks like a transaction',
    killedBy: 'atomically/an-expected-session-fails-the-batch',
    wrap: over((sound) => ({
      async atomically(record) {
        const operations = tryOperations(record)
        if (operations === null) return sound.atomically(record)
        const results: unknown[] = []
        for (const operation of operations) results.push(...(await sound.atomically(operation)))
        return results
      },
    })),
    async witness(storage) {
      await refused(
        storage.atomically((batch) => {
          batch.context.setSession('w', '1')
          batch.lifecycle.transition('w', 'A', 'B')
        }),
      )
      return (await storage.context.getSession('w')) === '1'
    },
  },
  {
    id: 'batch-results-reversed',
    breaks: 'the results of a batch come in another order than its operations',
    from: 'pipelines whose replies are matched by kind',
    killedBy: 'atomically/commits-every-kind-of-write',
    wrap: over((sound) => ({ atomically: async (record) => (await sound.atomically(record)).reverse() })),
    async witness(storage) {
      const results = await storage.atomically((batch) => {
        batch.intentRetry.increment('w')
        batch.context.setSession('w', '1')
      })
      return results[1] === 1
    },
  },
  {
    id: 'batch-forgets-conditions',
    breaks: 'the conditions of a batch on a session are not looked at',
    from: 'a condition that is evaluated and not used',
    killedBy: 'atomically/an-expected-session-fails-the-batch',
    wrap: over((sound) => ({
      atomically: (record) => sound.atomically((batch) => record({ ...batch, expectSession() {} })),
    })),
    witness: async (storage) =>
      !(await refused(
        storage.atomically((batch) => {
          batch.expectSession('w', '1')
          batch.intentRetry.setCount('w', 1)
        }),
      )),
  },
]
