import { type Protocol, type StorageHandle, loadsJson } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { aRequest, anAgent } from './samples.ts'

/** A text that is replaced: by which verb, and how it is read. */
interface Replaced {
  readonly protocol: Protocol
  readonly name: string
  readonly write: (
    storage: StorageHandle,
    id: string,
    json: string,
    before: string | null,
  ) => Promise<unknown>
  readonly read: (storage: StorageHandle, id: string) => Promise<unknown>
}

async function requestOf({ escalation }: StorageHandle, id: string) {
  return (await escalation.getPendingRequests()).find(({ dfid }) => dfid === id)
}

const REPLACED: readonly Replaced[] = [
  {
    protocol: 'agentRegistry',
    name: 'contract',
    write: ({ agentRegistry }, id, contractJson) => agentRegistry.upsertAgent(anAgent(id, { contractJson })),
    read: async ({ agentRegistry }, id) => (await agentRegistry.getAgent(id))?.contract,
  },
  {
    protocol: 'context',
    name: 'session',
    write: ({ context }, id, json) => context.setSession(id, json),
    read: async ({ context }, id) => loadsJson((await context.getSession(id)) ?? 'null'),
  },
  {
    protocol: 'context',
    name: 'state',
    write: ({ context }, id, json) => context.setState(id, json),
    read: async ({ context }, id) => loadsJson((await context.getState(id)) ?? 'null'),
  },
  {
    protocol: 'idempotency',
    name: 'result',
    write: ({ idempotency }, id, json) => idempotency.set(id, loadsJson(json) as Record<string, unknown>),
    read: ({ idempotency }, id) => idempotency.get(id),
  },
  {
    protocol: 'saga',
    name: 'mark',
    write: ({ saga }, id, json) => saga.markDirty(id, 'step', json),
    read: async ({ saga }, id) => (await saga.getDirtyState(id))?.partialState,
  },
  {
    protocol: 'escalation',
    name: 'context-of-a-request',
    write: ({ escalation }, id, contextJson) =>
      escalation.insertRequest(aRequest(id, 'agent', { contextJson })),
    read: async (storage, id) => (await requestOf(storage, id))?.context,
  },
  {
    protocol: 'escalation',
    name: 'proposal-of-a-request',
    write: ({ escalation }, id, proposalJson) =>
      escalation.insertRequest(aRequest(id, 'agent', { proposalJson })),
    read: async (storage, id) => (await requestOf(storage, id))?.proposal,
  },
]

const COMPARED: readonly Replaced[] = [
  {
    protocol: 'context',
    name: 'session-by-comparison',
    write: ({ context }, id, json, before) => context.compareAndSetSession(id, before, json),
    read: async ({ context }, id) => loadsJson((await context.getSession(id)) ?? 'null'),
  },
  {
    protocol: 'context',
    name: 'state-by-comparison',
    write: ({ context }, id, json, before) => context.compareAndSetState(id, before, json),
    read: async ({ context }, id) => loadsJson((await context.getState(id)) ?? 'null'),
  },
]

const of = (size: number, letter: string): string => `{"text": "${letter.repeat(size)}"}`

/** Small ones by large ones and back, beyond the sizes at which stores begin to keep a text elsewhere. */
const TEXTS = [of(1, 'a'), of(70_000, 'b'), of(70_000, 'c'), of(2_000_000, 'd'), of(1, 'e'), of(9_000, 'f')]

/** What is replaced is what was written last, whatever its size and that of what it takes the place of. */
export const scenarios: readonly Scenario[] = [REPLACED, COMPARED].flatMap((list) =>
  list.map(({ protocol, name, write, read }) => ({
    id: `replacements/${name}`,
    title: `a ${name.replaceAll('-', ' ')} is replaced by a larger and by a smaller one`,
    clause: `${protocol}: a write replaces what is there; texts of any size up to maxValueBytes are kept exactly`,
    level: list === COMPARED ? ('atomic' as const) : ('seed' as const),
    protocols: [protocol],
    ...(list === COMPARED ? { capabilities: ['compareAndSet' as const] } : {}),
    asserts: TEXTS.length,
    async run({ storage, id, assert }) {
      const one = id(name)
      let before: string | null = null
      for (const json of TEXTS) {
        await write(storage, one, json, before)
        // not by `equal`, which would print two million characters
        const seen = (await read(storage, one)) as { readonly text?: unknown } | null | undefined
        assert.ok(seen?.text === (loadsJson(json) as { text: string }).text, `${json.length} characters`)
        before = json
      }
    },
  })),
)
