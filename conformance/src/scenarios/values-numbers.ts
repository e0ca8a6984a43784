import { type Numbers, PROTOCOLS, dumpsJsonDict, pyFloat, runOnce } from '@dir/storage-core'
import type { Scenario, ScenarioContext } from '../scenario.ts'
import { JSON_TEXTS } from './json-texts.ts'
import { brief, group, without } from './kit.ts'
import { event, plant, timeAt } from './plant.ts'
import { aRequest, anAgent } from './samples.ts'

const own = JSON.parse('{"__proto__": 1}') as Record<string, unknown>

/** Objects to be encoded, with what comes out again. */
const OBJECTS: readonly (readonly [Record<string, unknown>, unknown])[] = [
  [{}, {}],
  [
    { '': '', null: null, zero: 0, no: false, list: [], object: {} },
    { '': '', null: null, zero: 0, no: false, list: [], object: {} },
  ],
  [{ left: undefined, list: [undefined, 1] }, { list: [null, 1] }],
  [
    { nan: Number.NaN, more: Infinity, less: -Infinity },
    { nan: 'NaN', more: 'Infinity', less: '-Infinity' },
  ],
  [
    { zero: -0, tiny: 1e-7, huge: 1e300, half: 0.5 },
    { zero: pyFloat(-0), tiny: 1e-7, huge: pyFloat(1e300), half: 0.5 },
  ],
  [
    { safe: 2 ** 53 - 1, big: 2n ** 64n, small: -5n },
    { safe: 2 ** 53 - 1, big: 2n ** 64n, small: -5 },
  ],
  [{ float: pyFloat(67) }, { float: pyFloat(67) }],
  [
    { date: new Date(0), map: new Map([['k', [1]]]), set: new Set([1, 'x']) },
    { date: '1970-01-01T00:00:00.000Z', map: { k: [1] }, set: [1, 'x'] },
  ],
  [{ text: '\0 \ud800 😀 é \u2028 \u007f "\\' }, { text: '\0 \ud800 😀 é \u2028 \u007f "\\' }],
  [
    { own, $ne: null, 'a.b': 1, $set: { x: 1 } },
    { own, $ne: null, 'a.b': 1, $set: { x: 1 } },
  ],
  [
    { json: '{"a": 1}', array: '[]', number: '1' },
    { json: '{"a": 1}', array: '[]', number: '1' },
  ],
  [Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
]

const PyFloat = pyFloat(0).constructor

/** What is exact, as a handle gives it by default. */
function plain(exact: unknown): unknown {
  if (typeof exact !== 'object' || exact === null) return exact
  if (exact instanceof PyFloat) return Number(exact)
  if (Array.isArray(exact)) return exact.map(plain)
  return Object.fromEntries(Object.entries(exact).map(([key, value]) => [key, plain(value)]))
}

interface Mode {
  readonly numbers: Numbers
  /** The end of the scenarios' ids. */
  readonly how: string
  readonly title: string
  readonly of: (exact: unknown) => unknown
  /** A handle that gives numbers so. */
  readonly handle: (context: ScenarioContext) => ReturnType<ScenarioContext['open']>
}

const MODES: readonly Mode[] = [
  {
    numbers: 'plain',
    how: 'without-loss',
    title: 'floats are plain numbers, no integer is rounded',
    of: plain,
    handle: async ({ storage }) => storage,
  },
  {
    numbers: 'exact',
    how: 'exactly',
    title: "with numbers: 'exact' it stays known what is a float and what is not",
    of: (exact) => exact,
    handle: ({ open }) => open({ numbers: 'exact' }),
  },
]

const parsed = ({ numbers, how, title, of, handle }: Mode): readonly Scenario[] => [
  ...group({ level: 'seed', protocols: ['agentRegistry', 'saga', 'escalation'] }, [
    {
      id: `values/stored-json-is-read-${how}`,
      title: `getters that parse stored JSON keep every number, key and character, and give its text beside: ${title}`,
      clause:
        'contract, partialState, context and proposal are parsed; their texts stand beside, as they are stored',
      needs: 'empty',
      asserts: 2 * JSON_TEXTS.length + 1,
      async run(context) {
        const { agentRegistry, saga, escalation } = await handle(context)
        const { assert } = context
        for (const [position, [json, exact]] of JSON_TEXTS.entries()) {
          const key = `key ${position}`
          const agent = anAgent(key, { contractJson: json })
          await agentRegistry.upsertAgent(agent)
          await saga.markDirty(key, 'step', json)
          await escalation.insertRequest(aRequest(key, 'agent', { contextJson: json, proposalJson: json }))
          assert.equal(
            await agentRegistry.getAgent(key),
            { ...agent, contract: of(exact) },
            `the contract ${brief(json)}`,
          )
          assert.equal(
            await saga.getDirtyState(key),
            { failedStep: 'step', partialState: of(exact), partialStateJson: json },
            `the partial state ${brief(json)}`,
          )
        }
        assert.equal(
          without(await escalation.getPendingRequests(), 'createdAt'),
          JSON_TEXTS.map(([json, exact], position) => ({
            ...aRequest(`key ${position}`, 'agent', { contextJson: json, proposalJson: json }),
            context: of(exact),
            proposal: of(exact),
          })),
          'the requests',
        )
      },
    },
  ]),
  ...group({ level: 'seed', protocols: ['idempotency', 'decisionAudit'] }, [
    {
      id: numbers === 'plain' ? 'values/objects-are-encoded-by-one-rule' : `values/objects-are-read-${how}`,
      title: `results and details are encoded by the rules of dumpsJsonDict, and read again: ${title}`,
      clause: 'objects to encode: what JSON cannot hold becomes what the rules say, everywhere alike',
      asserts: 3 * OBJECTS.length,
      async run(context) {
        const { idempotency, decisionAudit } = await handle(context)
        const { id, assert } = context
        for (const [object, exact] of OBJECTS) {
          const key = id('key')
          await idempotency.set(key, object)
          await decisionAudit.record(key, 'E', { details: object })
          const [{ details, detailsJson } = {}] = await decisionAudit.eventsForDfid(key)
          const text = dumpsJsonDict(object)
          assert.equal(await idempotency.get(key), of(exact), `the result ${brief(object)}`)
          assert.equal(await idempotency.getResultJson(key), text, `its text ${brief(object)}`)
          assert.equal([details, detailsJson], [of(exact), text], `the details ${brief(object)}`)
        }
      },
    },
  ]),
  ...group({ level: 'atomic', protocols: ['idempotency'] }, [
    {
      id: `values/verbs-give-results-${how}`,
      title: `who comes later is given a result as who stored it has it, and its text: ${title}`,
      clause:
        'setIfAbsent, claim, runOnce: everybody is given the one result, with the text as which it is stored',
      asserts: 6,
      async run(context) {
        const { idempotency } = await handle(context)
        const { id, assert } = context
        const [one, two] = [id('one'), id('two')]
        const result = { limit: pyFloat(67), account: 2n ** 53n + 1n }
        const given = { result: of(result), resultJson: '{"account": 9007199254740993, "limit": 67.0}' }
        assert.equal(await idempotency.setIfAbsent(one, result), { stored: true, ...given }, 'setIfAbsent')
        assert.equal(await idempotency.setIfAbsent(one, {}), { stored: false, ...given }, 'a second one')
        assert.equal(await idempotency.claim(one, { leaseSec: 60 }), { state: 'replay', ...given }, 'claim')
        const ran = () => runOnce(idempotency, two, { leaseSec: 60 }, () => result)
        assert.equal(await ran(), given.result, 'runOnce')
        assert.equal(await ran(), given.result, 'runOnce, again')
        assert.equal(await idempotency.getResultJson(two), given.resultJson, 'the text of its result')
      },
    },
  ]),
]

const PYTHON = '{"b": 1.0, "a": [ ], "a": [67.00]}'

export const scenarios: readonly Scenario[] = [
  ...MODES.flatMap(parsed),
  ...group({ level: 'seed', protocols: PROTOCOLS, capabilities: ['export'], needs: 'empty' }, [
    {
      id: 'values/results-and-details-keep-their-text',
      title: 'the text of a result and of details that came by import is given as it came',
      clause: 'resultJson and detailsJson: as they are stored',
      asserts: 3,
      async run({ storage, assert }) {
        const { idempotency, decisionAudit } = storage
        const result = {
          key: 'key',
          resultJson: PYTHON,
          requestHash: null,
          createdAt: timeAt(0),
          claimedAt: null,
        }
        await plant(storage, [{ type: 'idempotency', ...result }, event(1, 'flow', { detailsJson: PYTHON })])
        assert.equal(await idempotency.getResultJson('key'), PYTHON, 'a result')
        assert.equal(await idempotency.getResultJson('none'), null, 'one that is not there')
        const [{ details, detailsJson } = {}] = await decisionAudit.eventsForDfid('flow')
        assert.equal([details, detailsJson], [{ a: [67], b: 1 }, PYTHON], 'details')
      },
    },
  ]),
]
