import { PROTOCOLS } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { JSON_TEXTS } from './json-texts.ts'
import { brief, group } from './kit.ts'
import { aRequest, anAgent } from './samples.ts'

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
]
