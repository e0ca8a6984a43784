import type { StorageHandle } from '@dir/storage-core'
import { FALSE_CLAIMS } from '../scenarios/false-claims.ts'
import { FALSE_CONDITIONS } from '../scenarios/false-conditions.ts'
import type { Mutant } from './mutant.ts'
import { over } from './over.ts'

type Told = { readonly position?: unknown; readonly found?: unknown }

/** The refusal of a batch, told otherwise. */
const telling = (change: (told: Told) => Told) =>
  over((sound) => ({
    atomically: (record) =>
      sound.atomically(record).catch((error: unknown) => {
        throw (error as { code?: string }).code === 'STORAGE_CONFLICT'
          ? Object.assign(error as object, change(error as Told))
          : error
      }),
  }))

const refusalOf = (storage: StorageHandle): Promise<Told> =>
  storage
    .atomically((batch) => {
      batch.context.setSession('w', '1')
      batch.expectStatus('w', 'OPEN')
    })
    .then(
      () => ({}),
      (error: object) => error,
    )

const ofAll: readonly Mutant[] = [
  {
    id: 'batch-blames-its-first-operation',
    breaks: 'the refusal of a batch names the first operation, whichever it was',
    from: 'an error of a whole transaction',
    killedBy: 'atomically/an-expected-status-fails-the-batch',
    wrap: telling(() => ({ position: 0 })),
    witness: async (storage) => (await refusalOf(storage)).position === 0,
  },
  {
    id: 'batch-keeps-the-status-to-itself',
    breaks: 'the refusal of a batch does not tell which status stood there',
    from: 'a count of changed rows',
    killedBy: 'atomically/an-expected-status-fails-the-batch',
    wrap: telling(() => ({ found: undefined })),
    witness: async (storage) => (await refusalOf(storage)).found === undefined,
  },
]

interface Mistake {
  readonly id: string
  readonly breaks: string
  readonly from: string
  /** A false condition that finds the one, and of which the other is told. */
  readonly words: string
  readonly found: string | null
  readonly told: string | null
}

const MISTAKES: readonly Mistake[] = [
  {
    id: 'batch-takes-an-empty-status-for-none',
    breaks: 'the refusal of a batch says that a flow has no status where that is an empty text',
    from: 'status || null',
    words: 'an-expected-status-of-none-where-one-is-empty',
    found: '',
    told: null,
  },
  {
    id: 'batch-takes-nothing-for-another-text',
    breaks: 'the refusal of a batch says that there is another text where there is none',
    from: 'one error for all that is not equal',
    words: 'an-expected-session-that-is-not-there',
    found: null,
    told: 'other',
  },
  {
    id: 'batch-takes-another-text-for-nothing',
    breaks: 'the refusal of a batch says that there is no text where there is another one',
    from: 'a query that finds no row, by its text',
    words: 'an-expected-session',
    found: 'other',
    told: null,
  },
  {
    id: 'batch-takes-a-result-for-a-claim',
    breaks: 'the refusal of a batch says that somebody else runs the effect which is done',
    from: 'a row that is there, whatever it says',
    words: 'a-claim-that-was-completed',
    found: 'finished',
    told: 'claimed',
  },
  {
    id: 'batch-takes-an-old-claim-for-nothing',
    breaks: 'the refusal of a batch says that nobody has claimed what somebody claimed long ago',
    from: 'a filter on the end of the lease',
    words: 'a-claim-that-ran-out',
    found: 'claimed',
    told: null,
  },
  {
    id: 'batch-takes-a-new-request-for-a-decided-one',
    breaks: 'the refusal of a batch says that a request is decided which was opened again',
    from: 'an UPDATE with two conditions, and one reason',
    words: 'a-request-of-another-time',
    found: 'PENDING',
    told: 'RESOLVED',
  },
]

const ofOne = MISTAKES.map(({ id, breaks, from, words, found, told }): Mutant => {
  return {
    id,
    breaks,
    from,
    killedBy: `atomically/${words}-fails-the-batch`,
    wrap: telling((truth) => (truth.found === found ? { found: told } : {})),
    async witness(storage) {
      const one = [...FALSE_CONDITIONS, ...FALSE_CLAIMS].find((condition) => condition.words === words)
      await one?.prepare(storage, 'w')
      const refusal = storage.atomically((batch) => one?.record(batch, 'w'))
      return refusal.then(
        () => false,
        (error: Told) => error.found === told,
      )
    },
  }
})

/** What is told of a false condition is wrong. */
export const refusalMutants: readonly Mutant[] = [...ofAll, ...ofOne]
