/* oxlint-disable unicorn/no-useless-spread -- rows keep the table short */
import type { ContextStorage } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { group } from './kit.ts'

const TABLES = [
  {
    kind: 'session',
    get: (context: ContextStorage, id: string) => context.getSession(id),
    set: (context: ContextStorage, id: string, json: string) => context.setSession(id, json),
    swap: (context: ContextStorage, id: string, expected: string | null, json: string) =>
      context.compareAndSetSession(id, expected, json),
  },
  {
    kind: 'state',
    get: (context: ContextStorage, id: string) => context.getState(id),
    set: (context: ContextStorage, id: string, json: string) => context.setState(id, json),
    swap: (context: ContextStorage, id: string, expected: string | null, json: string) =>
      context.compareAndSetState(id, expected, json),
  },
] as const

/** A stored text, and texts that are not the same to a byte. */
const STORED = '{"a": 1.0, "é": "x "}'
const ALIKE = [
  ...['{"a":1.0,"é":"x "}', '{"é": "x ", "a": 1.0}', '{"a": 1, "é": "x "}', '{"a": 1.00, "é": "x "}'],
  ...[
    '{"a": 1.0, "e\u0301": "x "}',
    '{"A": 1.0, "é": "x "}',
    '{"a": 1.0, "é": "x"}',
    '{"a": 1.0, "\\u00e9": "x "}',
  ],
  ...[
    `${STORED} `,
    ` ${STORED}`,
    `${STORED}\n`,
    `${STORED}\0`,
    STORED.slice(0, -1),
    '',
    'null',
    '%',
    '{',
    '\0',
  ],
  STORED.repeat(5_000),
]

const compareAndSet = TABLES.map(({ kind, get, set, swap }): Omit<Scenario, 'level' | 'protocols'> => ({
  id: `context/compare-and-set-${kind}-compares-the-exact-text`,
  title: `a ${kind} is swapped only where the stored text is the expected one to the byte`,
  clause: 'compareAndSet: writes only if the stored text is still exactly the expected one (null: absent)',
  asserts: 10 + ALIKE.length,
  async run({ storage: { context }, id, assert }) {
    const key = id(kind)
    assert.equal(await swap(context, key, '1', '2'), false, 'a text expected where there is none')
    assert.equal(await swap(context, key, 'null', '2'), false, 'JSON null is a text, too')
    assert.equal(await get(context, key), null, 'nothing written')
    assert.equal(await swap(context, key, null, STORED), true, 'absence expected where there is none')
    assert.equal(await swap(context, key, null, '3'), false, 'absence expected where there is a text')
    for (const text of ALIKE)
      assert.equal(
        await swap(context, key, text, '4'),
        false,
        `expected ${JSON.stringify(text).slice(0, 60)}`,
      )
    assert.equal(await get(context, key), STORED, 'the text is untouched')
    assert.equal(await swap(context, key, STORED, STORED), true, 'the same text again')
    assert.equal(await swap(context, key, STORED, 'null'), true, 'the exact text')
    await set(context, key, '5')
    assert.equal(await swap(context, key, 'null', '6'), false, 'a text that was replaced meanwhile')
    assert.equal(await get(context, key), '5', 'the text of the other writer')
  },
}))

export const scenarios: readonly Scenario[] = [
  ...group({ level: 'seed', protocols: ['context'] }, [
    {
      id: 'context/sessions-and-states-are-apart',
      title: 'a session and a state of the same id are two records',
      clause: 'setSession, setState: each is one record per id of its own kind',
      asserts: 4,
      async run({ storage: { context }, id, assert }) {
        const key = id('both')
        await context.setSession(key, '"session"')
        assert.equal(await context.getState(key), null, 'no state yet')
        await context.setState(key, '"state"')
        assert.equal(await context.getSession(key), '"session"', 'the session')
        assert.equal(await context.getState(key), '"state"', 'the state')
        assert.equal(await context.getSession(key), '"session"', 'the session, read again')
      },
    },
  ]),
  ...group({ level: 'atomic', protocols: ['context'] }, compareAndSet),
]
