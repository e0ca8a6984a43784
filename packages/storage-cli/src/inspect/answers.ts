import { type LostGuarantee, type StorageHandle, type StoredAgent, explainMix } from '@dir/storage-core'
import { UsageError } from '../errors.ts'
import { type Story, storyOf } from '../story.ts'
import type { Asked } from './asked.ts'
import { LISTS, type Listed, first, plain } from './lists.ts'
import { overview } from './overview.ts'

export interface StoreAnswer {
  readonly label: string
  readonly backend: string
  readonly capabilities: readonly string[]
  /** What a mix cannot promise; empty for one backend. */
  readonly lost: readonly LostGuarantee[]
}

/** An agent without its session token, which is a secret, and with its budget tokens. */
export interface AgentAnswer extends Omit<StoredAgent, 'sessionToken'> {
  readonly tokensOfHour: number
  readonly tokensOfDay: number
}

export interface FlowAnswer extends Story {
  /** How many things happened before those of `story`. */
  readonly earlier: number
  /** Whoever acted in it, as the registry knows them. */
  readonly agents: readonly { readonly agentId: string; readonly status: string | null }[]
}

/** What the page can ask for, by name. */
export const ANSWERS: Readonly<Record<string, (asked: Asked) => Promise<object | null>>> = {
  store: ({ storage, label }) => Promise.resolve(about(storage, label)),
  ...overview,
  agents,
  flow,
  ...Object.fromEntries(
    Object.entries(LISTS).map(([name, list]) => [
      name,
      ({ storage, query, signal }: Asked) => first(list(storage, query), query.limit, signal),
    ]),
  ),
}

function about(storage: StorageHandle, label: string): StoreAnswer {
  const { backend, capabilities } = storage
  return { label, backend, capabilities: [...capabilities].sort(), lost: explainMix(storage) }
}

async function agents({ storage, query, signal }: Asked): Promise<Listed<AgentAnswer>> {
  const { agentRegistry, escalation } = storage
  const listed = await first(
    agentRegistry.listAgents(query.filter({ status: 'status' })),
    query.limit,
    signal,
  )
  const ago = (hours: number): string => new Date(Date.now() - hours * 3_600_000).toISOString()
  const [hourAgo, dayAgo] = [ago(1), ago(24)]
  const items: AgentAnswer[] = []
  for (const { sessionToken: _, ...agent } of listed.items)
    items.push({
      ...agent,
      tokensOfHour: await escalation.getWindowCount(agent.agentId, hourAgo),
      tokensOfDay: await escalation.getWindowCount(agent.agentId, dayAgo),
    })
  return { ...listed, items }
}

const MOST_AGENTS = 50

async function flow({ storage, query }: Asked): Promise<FlowAnswer | null> {
  const dfid = query.text('id')
  if (dfid === undefined) throw new UsageError('Name a flow.')
  const found = await storyOf(storage, dfid)
  if (found === null) return null
  const story = found.story.slice(-query.limit)
  const named = story.flatMap(({ record }) => ('agentId' in record ? [record.agentId] : []))
  const ids = [...new Set(named)].filter((one) => typeof one === 'string').slice(0, MOST_AGENTS)
  const agents = await Promise.all(
    ids.map(async (agentId) => {
      const known = await storage.agentRegistry.getStatus(agentId)
      return { agentId, status: known?.status ?? null }
    }),
  )
  const shown = story.map((one) => ({ ...one, record: plain(one.record) }))
  return { ...found, story: shown, earlier: found.story.length - story.length, agents }
}
