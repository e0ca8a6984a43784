import type { Instant, StorageHandle } from '@dir/storage-core'
import { given } from './list-command.ts'

/** Something that a store has of a flow. */
export interface Happened {
  /** Null where it cannot be read. */
  readonly at: Instant | null
  readonly kind: 'transition' | 'event' | 'hold' | 'claim' | 'request' | 'decision' | 'mark'
  /** In words. */
  readonly text: string
  /** As the store has it. */
  readonly record: object
}

export interface Story {
  readonly dfid: string
  readonly status: string | null
  /** How often its intent was rejected. */
  readonly rejections: number
  /** What it knows, as JSON text; null where that is nothing. */
  readonly session: string | null
  /** In the order of time. */
  readonly story: readonly Happened[]
}

/** Everything that a store has of a flow; null for nothing. Results of effects are found by their keys alone. */
export async function storyOf(storage: StorageHandle, dfid: string): Promise<Story | null> {
  const { lifecycle, intentRetry, context } = storage
  const [status, rejections, session, ...parts] = await Promise.all([
    lifecycle.getCurrentStatus(dfid),
    intentRetry.getCount(dfid),
    context.getSession(dfid),
    transitions(storage, dfid),
    events(storage, dfid),
    holds(storage, dfid),
    claims(storage, dfid),
    requests(storage, dfid),
    marks(storage, dfid),
  ])
  const story = parts.flat().sort((one, other) => compare(one.at, other.at))
  if (story.length === 0 && rejections === 0 && session === null) return null
  return { dfid, status, rejections, session, story }
}

/** What has no readable time comes first. Of one moment, what comes first stays first. */
function compare(one: Instant | null, other: Instant | null): number {
  const [a, b] = [one ?? '', other ?? '']
  return a < b ? -1 : a > b ? 1 : 0
}

async function transitions({ lifecycle }: StorageHandle, dfid: string): Promise<Happened[]> {
  return (await lifecycle.getTransitions(dfid)).map((record) => {
    const text = `${record.fromStatus ?? '(new)'} → ${record.toStatus}`
    return { at: record.createdAt, kind: 'transition', text, record }
  })
}

async function events({ decisionAudit }: StorageHandle, dfid: string): Promise<Happened[]> {
  return (await decisionAudit.eventsForDfid(dfid)).map((record) => {
    const { seq, event, agentId, stepId, state, detailsJson } = record
    const about = [
      ...(agentId === null ? [] : [`by ${agentId}`]),
      ...(stepId === '' ? [] : [`step ${stepId}`]),
      ...(state === '' ? [] : [`state ${state}`]),
      ...(detailsJson === null || detailsJson === '{}' ? [] : [detailsJson]),
    ]
    return { at: record.timestamp, kind: 'event', text: [`#${seq} ${event}`, ...about].join(', '), record }
  })
}

async function holds({ resourceLock }: StorageHandle, dfid: string): Promise<Happened[]> {
  return (await resourceLock.getHolds({ dfid })).map((record) => {
    const { resourceId, amount, expiresAt, fence } = record
    const until = expiresAt === null ? '' : ` until ${expiresAt}`
    const text = `holds ${String(amount)} of ${resourceId}${until}, fence ${fence}`
    return { at: record.acquiredAt, kind: 'hold', text, record }
  })
}

async function claims({ idempotency }: StorageHandle, dfid: string): Promise<Happened[]> {
  return (await Array.fromAsync(idempotency.listClaims({ dfid }))).map((record) => {
    const text = `${record.key} has no result yet, and is ${record.state} (until ${record.until})`
    return { at: record.since, kind: 'claim', text, record }
  })
}

async function requests({ escalation }: StorageHandle, dfid: string): Promise<Happened[]> {
  const record = await escalation.getRequest(dfid)
  if (record === null) return []
  const { createdAt, resolvedAt, agentId, reason, impact, decision, resolvedBy } = record
  const asked: Happened = {
    at: createdAt,
    kind: 'request',
    text: `${agentId} asks a human: ${reason} (impact ${impact})${resolvedAt === null ? ', not decided yet' : ''}`,
    record,
  }
  if (resolvedAt === null) return [asked]
  const by = resolvedBy === null ? '' : ` by ${resolvedBy}`
  return [
    asked,
    {
      at: resolvedAt,
      kind: 'decision',
      text: `${String(decision)}${by}`,
      record: given({ decision, resolvedBy }),
    },
  ]
}

async function marks({ saga }: StorageHandle, dfid: string): Promise<Happened[]> {
  if ((await saga.getDirtyState(dfid)) === null) return []
  // only the list knows since when
  for await (const record of saga.listDirtyFlows())
    if (record.dfid === dfid) {
      const text = `broke at ${record.failedStep}, waits to be compensated: ${String(record.partialStateJson)}`
      return [{ at: record.markedAt, kind: 'mark', text, record }]
    }
  return []
}
