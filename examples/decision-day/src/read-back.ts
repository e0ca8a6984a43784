import { createHash } from 'node:crypto'
import {
  type AuditEvent,
  type BudgetTokenExport,
  type RetryCountExport,
  type StorageHandle,
  type TransitionExport,
  dumpsJsonDict,
} from '@dir/storage-core'
import { type Session, parseSession } from './desk.ts'
import { type Effect, readTrace } from './execution.ts'

/** Everything a run left behind, read from the store and the trace by nobody's memory but theirs. */
export interface ReadBack {
  readonly events: readonly AuditEvent[]
  readonly effects: readonly Effect[]
  readonly transitions: readonly TransitionExport[]
  readonly tokens: readonly BudgetTokenExport[]
  readonly retryCounts: ReadonlyMap<string, RetryCountExport>
  readonly sessions: ReadonlyMap<string, Session>
  readonly holds: number
  readonly dirtyFlows: number
  readonly pendingRequests: number
}

export async function readBack(storage: StorageHandle, trace: string): Promise<ReadBack> {
  const transitions: TransitionExport[] = []
  const tokens: BudgetTokenExport[] = []
  const retryCounts = new Map<string, RetryCountExport>()
  const sessions = new Map<string, Session>()
  let holds = 0
  let dirtyFlows = 0
  let pendingRequests = 0
  for await (const record of storage.exportRecords()) {
    if (record.type === 'transition') transitions.push(record)
    else if (record.type === 'budgetToken') tokens.push(record)
    else if (record.type === 'retryCount') retryCounts.set(record.dfid, record)
    else if (record.type === 'session') sessions.set(record.id, parseSession(record.dataJson))
    else if (record.type === 'hold') holds++
    else if (record.type === 'dirtyFlow') dirtyFlows++
    else if (record.type === 'request' && record.status === 'PENDING') pendingRequests++
  }
  const events = await Array.fromAsync(storage.decisionAudit.events())
  const effects = await readTrace(trace)
  return { events, effects, transitions, tokens, retryCounts, sessions, holds, dirtyFlows, pendingRequests }
}

/** SHA-256 of the audit log in the order of `seq`, without its times; there are no tokens in it. */
export function digestOf(events: readonly AuditEvent[]): string {
  const hash = createHash('sha256')
  for (const { dfid, event, stepId, state, details } of events)
    hash.update(`${dumpsJsonDict([dfid, event, stepId, state, details])}\n`)
  return hash.digest('hex')
}
