import { PROTOCOLS, pyFloat } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { JSON_TEXTS } from './json-texts.ts'
import { brief, group, without } from './kit.ts'
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

export const scenarios: readonly Scenario[] = [
  ...group({ level: 'seed', protocols: ['context'] }, [
    {
      id: 'values/json-text-is-kept-byte-for-byte',
      title: 'the JSON text of sessions and states comes out exactly as it went in',
      clause: 'JSON text: stored and returned byte for byte',
      asserts: 2 * JSON_TEXTS.length,
      async run({ storage: { context }, id, assert }) {
        for (const [text] of JSON_TEXTS) {
          const key = id('key')
          await context.setSession(key, text)
          await context.setState(key, text)
          assert.equal(await context.getSession(key), text, `the session ${brief(text)}`)
          assert.equal(await context.getState(key), text, `the state ${brief(text)}`)
        }
      },
    },
  ]),
  ...group({ level: 'seed', protocols: ['agentRegistry', 'saga', 'escalation'] }, [
    {
      id: 'values/stored-json-is-read-without-loss',
      title: 'getters that parse stored JSON keep every number, key and character',
      clause: 'contract, partialState, context and proposal are parsed, losslessly',
      needs: 'empty',
      asserts: 2 * JSON_TEXTS.length + 1,
      async run({ storage: { agentRegistry, saga, escalation }, assert }) {
        for (const [position, [json, value]] of JSON_TEXTS.entries()) {
          const key = `key ${position}`
          await agentRegistry.upsertAgent(anAgent(key, { contractJson: json }))
          await saga.markDirty(key, 'step', json)
          await escalation.insertRequest(aRequest(key, 'agent', { contextJson: json, proposalJson: json }))
          assert.equal((await agentRegistry.getAgent(key))?.contract, value, `the contract ${brief(json)}`)
          assert.equal(
            await saga.getDirtyState(key),
            { failedStep: 'step', partialState: value },
            `the partial state ${brief(json)}`,
          )
        }
        assert.equal(
          without(await escalation.getPendingRequests(), 'createdAt'),
          JSON_TEXTS.map(([, value], position) => ({
            dfid: `key ${position}`,
            agentId: 'agent',
            reason: 'above the limit',
            context: value,
            proposal: value,
            impact: 'high',
          })),
          'the requests',
        )
      },
    },
  ]),
  ...group({ level: 'seed', protocols: PROTOCOLS }, [
    {
      id: 'values/json-text-is-exported-byte-for-byte',
      title: 'the JSON text of contracts, marks and requests is exported exactly as it went in',
      clause: 'JSON text: stored and returned byte for byte',
      capabilities: ['export'],
      needs: 'empty',
      asserts: 4,
      async run({ storage, assert }) {
        const { agentRegistry, saga, escalation } = storage
        const texts = JSON_TEXTS.map(([text]) => text)
        const key = (position: number) => `key ${String(position).padStart(3, '0')}`
        for (const [position, json] of texts.entries()) {
          await agentRegistry.upsertAgent(anAgent(key(position), { contractJson: json }))
          await saga.markDirty(key(position), 'step', json)
          await escalation.insertRequest(
            aRequest(key(position), 'agent', { contextJson: json, proposalJson: json }),
          )
        }
        const records = await Array.fromAsync(storage.exportRecords())
        const of = (pick: (record: (typeof records)[number]) => string | null) =>
          records.map(pick).filter((text) => text !== null)
        assert.equal(
          of((r) => (r.type === 'agent' ? r.contractJson : null)),
          texts,
          'contracts',
        )
        assert.equal(
          of((r) => (r.type === 'dirtyFlow' ? r.partialStateJson : null)),
          texts,
          'partial states',
        )
        assert.equal(
          of((r) => (r.type === 'request' ? r.contextJson : null)),
          texts,
          'contexts',
        )
        assert.equal(
          of((r) => (r.type === 'request' ? r.proposalJson : null)),
          texts,
          'proposals',
        )
      },
    },
  ]),
  ...group({ level: 'seed', protocols: ['idempotency', 'decisionAudit'] }, [
    {
      id: 'values/objects-are-encoded-by-one-rule',
      title: 'results and details are encoded by the rules of dumpsJsonDict, and read without loss',
      clause: 'objects to encode: what JSON cannot hold becomes what the rules say, everywhere alike',
      asserts: 2 * OBJECTS.length,
      async run({ storage: { idempotency, decisionAudit }, id, assert }) {
        for (const [object, expected] of OBJECTS) {
          const key = id('key')
          await idempotency.set(key, object)
          await decisionAudit.record(key, 'E', { details: object })
          const [event] = await decisionAudit.eventsForDfid(key)
          assert.equal(await idempotency.get(key), expected, `the result ${brief(object)}`)
          assert.equal(event?.details, expected, `the details ${brief(object)}`)
        }
      },
    },
  ]),
]
