/* oxlint-disable unicorn/no-useless-spread -- rows keep the table short */
import { PROTOCOLS, type StorageHandle } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { brief, group } from './kit.ts'

/** Texts that a careless comparison takes for one another: those of a row are all different. */
const ALIKE: readonly (readonly string[])[] = [
  ['A', 'a', ' A', 'A ', 'A\n', 'A\t', 'AA', 'A%', '_', '%', '*', '.', '', 'null', '\uff21', 'A\u0301'],
  ['é', 'e\u0301', 'e', 'É', 'è'],
  ['ss', 'ß', 'SS', 'ſs'],
  ['1', '1.0', '01', '1e0', '+1', 'true'],
  ['😀', '😁', '\ufffd', '👩', '👩‍👩‍👧'],
]

const filled = (size: number, last: string, at = size - 1): string =>
  `${'x'.repeat(at)}${last}${'x'.repeat(size - 1 - at)}`

/** Long ones, which differ in one character, near a power of two or at the end. */
const longAlike = (sizes: readonly number[]): readonly (readonly string[])[] =>
  sizes.map((size) => [
    filled(size, 'x'),
    filled(size, 'y'),
    filled(size, 'y', size - 2),
    filled(size, 'y', size >> 1),
    filled(size - 1, 'x'),
  ])

const TEXTS = [...ALIKE, ...longAlike([256, 1_025, 4_097, 32_769, 65_536])]

/** One JSON value, written in several ways, and values that are like it. */
const WRITTEN = [
  ...[
    '{"a": 1, "b": []}',
    '{"a":1,"b":[]}',
    ' {"a": 1, "b": []}',
    '{"a": 1, "b": []} ',
    '{"a": 1, "b": []}\n',
  ],
  ...[
    '{"b": [], "a": 1}',
    '{"a": 1.0, "b": []}',
    '{"A": 1, "b": []}',
    '{"a": "1", "b": []}',
    '{"a": 1}',
    '{}',
  ],
  ...['null', '"null"', 'false', '0', '""', '[]', '{"a": 1, "b": [null]}', '{"\\u0061": 1, "b": []}'],
]

/** JSON has no limit but that of a value. */
const JSON_TEXTS = [
  WRITTEN,
  ...[...ALIKE.slice(0, 2), ...longAlike([300, 65_536, 65_537, 66_000, 1_048_577])].map((row) =>
    row.map((text) => JSON.stringify(text)),
  ),
]

/** Where one text is compared with another: stores the one, and tells whether the other is taken for it. */
interface Comparison {
  readonly words: string
  readonly texts: readonly (readonly string[])[]
  readonly capabilities?: NonNullable<Scenario['capabilities']>
  readonly protocols: Scenario['protocols']
  readonly store: (storage: StorageHandle, id: string, text: string) => Promise<unknown>
  /** Changes nothing where it finds a difference. */
  readonly isTaken: (storage: StorageHandle, id: string, text: string) => Promise<boolean>
}

/** Whether a batch is committed; a conflict is a no. */
const commits = (batch: Promise<unknown>): Promise<boolean> =>
  batch.then(
    () => true,
    (error: { code?: string }) => {
      if (error.code !== 'STORAGE_CONFLICT') throw error
      return false
    },
  )

const COMPARISONS: readonly Comparison[] = [
  {
    words: 'compare-and-set-session',
    texts: JSON_TEXTS,
    protocols: ['context'],
    store: ({ context }, id, text) => context.setSession(id, text),
    isTaken: ({ context }, id, text) => context.compareAndSetSession(id, text, '"taken"'),
  },
  {
    words: 'compare-and-set-state',
    texts: JSON_TEXTS,
    protocols: ['context'],
    store: ({ context }, id, text) => context.setState(id, text),
    isTaken: ({ context }, id, text) => context.compareAndSetState(id, text, '"taken"'),
  },
  {
    words: 'expect-session',
    texts: JSON_TEXTS,
    capabilities: ['atomically'],
    protocols: PROTOCOLS,
    store: ({ context }, id, text) => context.setSession(id, text),
    isTaken: (storage, id, text) => commits(storage.atomically((batch) => batch.expectSession(id, text))),
  },
  {
    words: 'compare-and-set-in-a-batch',
    texts: JSON_TEXTS,
    capabilities: ['atomically'],
    protocols: PROTOCOLS,
    store: ({ context }, id, text) => context.setState(id, text),
    isTaken: (storage, id, text) =>
      commits(storage.atomically((batch) => batch.context.compareAndSetState(id, text, '"taken"'))),
  },
  {
    words: 'transition',
    texts: TEXTS,
    protocols: ['lifecycle'],
    store: ({ lifecycle }, id, text) => lifecycle.recordTransition(id, null, text),
    isTaken: ({ lifecycle }, id, text) => lifecycle.transition(id, text, 'taken'),
  },
  {
    words: 'expect-status',
    texts: TEXTS,
    capabilities: ['atomically'],
    protocols: PROTOCOLS,
    store: ({ lifecycle }, id, text) => lifecycle.recordTransition(id, null, text),
    isTaken: (storage, id, text) => commits(storage.atomically((batch) => batch.expectStatus(id, text))),
  },
  {
    words: 'request-hash',
    texts: TEXTS,
    protocols: ['idempotency'],
    store: ({ idempotency }, id, text) => idempotency.claim(id, { leaseSec: 600, requestHash: text }),
    isTaken: async ({ idempotency }, id, text) =>
      (await idempotency.claim(id, { leaseSec: 600, requestHash: text })).state !== 'mismatch',
  },
  {
    words: 'event-filter',
    texts: TEXTS,
    protocols: ['decisionAudit'],
    store: ({ decisionAudit }, id, text) => decisionAudit.record(id, text),
    isTaken: async ({ decisionAudit }, dfid, event) =>
      (await Array.fromAsync(decisionAudit.events({ dfid, event }))).length === 1,
  },
]

export const scenarios: readonly Scenario[] = COMPARISONS.flatMap(
  ({ words, texts, capabilities = [], protocols, store, isTaken }) =>
    group({ level: 'atomic', protocols, capabilities }, [
      {
        id: `exact-texts/${words}`,
        title: `${words.replaceAll('-', ' ')} takes a text for itself alone, however alike and however long others are`,
        clause: 'texts are compared exactly: case, white space, accents, length',
        asserts: 2 * texts.length,
        async run({ storage, id, assert }) {
          for (const row of texts) {
            const known = row.map(() => id('text'))
            await Promise.all(row.map((text, n) => store(storage, known[n] ?? '', text)))
            const taken = row.map((text, n) => {
              const others = row.filter((other) => other !== text)
              return Promise.all(others.map((other) => isTaken(storage, known[n] ?? '', other)))
            })
            const wrong = (await Promise.all(taken)).flatMap((answers, n) =>
              answers.flatMap((answer, other) =>
                answer ? [[row[n], row.filter((one) => one !== row[n])[other]].map(brief)] : [],
              ),
            )
            assert.equal(wrong, [], 'different texts that were taken for one another')
            const own = await Promise.all(row.map((text, n) => isTaken(storage, known[n] ?? '', text)))
            assert.equal(
              own,
              row.map(() => true),
              `each taken for itself: ${row.map(brief).join(' ')}`,
            )
          }
        },
      },
    ]),
)
