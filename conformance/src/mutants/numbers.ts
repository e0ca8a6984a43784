import { type AuditEvent, type JsonObject, dumpsJsonDict, loadsJson } from '@dir/storage-core'
import type { Mutant } from './mutant.ts'
import { opening } from './open.ts'
import { over } from './over.ts'
import { whole } from '../scenarios/kit.ts'
import { event, timeAt } from '../scenarios/plant.ts'
import { anAgent } from '../scenarios/samples.ts'

export const numberMutants: readonly Mutant[] = [
  {
    id: 'large-integers-rounded',
    breaks: 'integers beyond 2^53 in a saved state come back rounded',
    from: 'JSON.parse',
    killedBy: 'values/stored-json-is-read-without-loss',
    wrap: over(({ saga }) => ({
      saga: {
        async getDirtyState(dfid) {
          const state = await saga.getDirtyState(dfid)
          return state === null ? null : { ...state, partialState: rounded(state.partialState) }
        },
      },
    })),
    async witness({ saga }) {
      await saga.markDirty('w', '', '9007199254740993')
      return typeof (await saga.getDirtyState('w'))?.partialState === 'number'
    },
  },
  {
    id: 'large-integers-of-results-rounded',
    breaks: 'integers beyond 2^53 in a result come back rounded',
    from: 'JSON.parse',
    killedBy: 'values/objects-are-encoded-by-one-rule',
    wrap: over(({ idempotency }) => ({
      idempotency: { get: async (key) => rounded(await idempotency.get(key)) as JsonObject | null },
    })),
    async witness({ idempotency }) {
      await idempotency.set('w', { n: 2n ** 60n })
      return typeof (await idempotency.get('w'))?.['n'] === 'number'
    },
  },
  {
    id: 'floats-are-no-numbers',
    breaks: 'a float with nothing behind its point comes back as an object, though nobody asked for that',
    from: 'a reader that is made for writing again what it read',
    killedBy: 'values/stored-json-is-read-without-loss',
    wrap: opening((options) => ({ numbers: 'exact', ...options })),
    async witness({ saga }) {
      await saga.markDirty('w', '', '1.0')
      return typeof (await saga.getDirtyState('w'))?.partialState !== 'number'
    },
  },
  {
    id: 'exact-numbers-not-to-be-had',
    breaks: 'numbers are plain, whatever is asked for',
    from: 'an option that is read and not passed on',
    killedBy: 'values/stored-json-is-read-exactly',
    wrap: opening(({ numbers: _, ...options }) => options),
    async witness(_, open) {
      const { saga } = await open({ numbers: 'exact' })
      await saga.markDirty('w', '', '1.0')
      return (await saga.getDirtyState('w'))?.partialState === 1
    },
  },
  {
    id: 'contract-text-written-again',
    breaks: "the text beside an agent's contract is what is made of the parsed one",
    from: 'JSON.stringify(JSON.parse(text))',
    killedBy: 'values/stored-json-is-read-without-loss',
    wrap: over(({ agentRegistry }) => ({
      agentRegistry: {
        async getAgent(agentId) {
          const agent = await agentRegistry.getAgent(agentId)
          return agent === null ? null : { ...agent, contractJson: dumpsJsonDict(agent.contract) }
        },
      },
    })),
    async witness({ agentRegistry }) {
      await agentRegistry.upsertAgent(anAgent('w', { contractJson: '1.0' }))
      return (await agentRegistry.getAgent('w'))?.contractJson === '1'
    },
  },
  {
    id: 'result-text-written-again',
    breaks: 'the text of a result is what is made of the parsed one',
    from: 'a column of a type of its own for JSON',
    killedBy: 'values/results-and-details-keep-their-text',
    wrap: over(({ idempotency }) => ({
      idempotency: {
        async getResultJson(key) {
          const json = await idempotency.getResultJson(key)
          return json === null ? null : writtenAgain(json)
        },
      },
    })),
    async witness(storage) {
      await storage.importRecords(AN_EXPORT)
      return (await storage.idempotency.getResultJson('w')) === '{}'
    },
  },
  {
    id: 'details-text-written-again',
    breaks: 'the text of details is what is made of the parsed ones',
    from: 'a column of a type of its own for JSON',
    killedBy: 'values/results-and-details-keep-their-text',
    wrap: over(({ decisionAudit }) => ({
      decisionAudit: {
        eventsForDfid: async (dfid) => (await decisionAudit.eventsForDfid(dfid)).map(writtenAgainIn),
      },
    })),
    async witness(storage) {
      await storage.importRecords(AN_EXPORT)
      return (await storage.decisionAudit.eventsForDfid('w'))[0]?.detailsJson === '{}'
    },
  },
  {
    id: 'loser-told-its-own-text',
    breaks: 'setIfAbsent tells a loser the text of its own result beside the result that stands',
    from: 'an answer that is put together from what was given and what was found',
    killedBy: 'idempotency/set-if-absent-keeps-the-first-result',
    wrap: over(({ idempotency }) => ({
      idempotency: {
        async setIfAbsent(key, result) {
          return { ...(await idempotency.setIfAbsent(key, result)), resultJson: dumpsJsonDict(result) }
        },
      },
    })),
    async witness({ idempotency }) {
      await idempotency.setIfAbsent('w', { n: 1 })
      return (await idempotency.setIfAbsent('w', { n: 2 })).resultJson === '{"n": 2}'
    },
  },
]

const AT = timeAt(0)
const AN_EXPORT = whole([
  { type: 'idempotency', key: 'w', resultJson: '{ }', requestHash: null, createdAt: AT, claimedAt: null },
  event(1, 'w', { detailsJson: '{ }' }),
])

const writtenAgain = (json: string): string => dumpsJsonDict(loadsJson(json, { lossless: true }))

const writtenAgainIn = (one: AuditEvent): AuditEvent => {
  return { ...one, detailsJson: one.detailsJson === null ? null : writtenAgain(one.detailsJson) }
}

function rounded(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (Array.isArray(value)) return value.map(rounded)
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, rounded(one)]))
}
