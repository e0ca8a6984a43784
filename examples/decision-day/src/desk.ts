import { type Batch, type StorageHandle, isStorageError } from '@dir/storage-core'
import type { Verbs } from './verbs.ts'

/** Where a flow stands, as its lifecycle has it. Three of them end it; a position is closed some days later. */
export type Status =
  | 'PROPOSED'
  | 'ESCALATED'
  | 'APPROVED'
  | 'RESERVED'
  | 'BROKEN'
  | 'EXECUTED'
  | 'REFUSED'
  | 'COMPENSATED'
  | 'CLOSED'

export const ENDS: readonly string[] = ['EXECUTED', 'REFUSED', 'COMPENSATED'] satisfies Status[]

/** What the steps of a flow work with. */
export interface Desk {
  readonly storage: StorageHandle
  /** The steps that read, decide and write: in one (`verbs.ts`), or apart (`unsafe.ts`). */
  readonly verbs: Verbs
  /** The file in which effects leave their trace. */
  readonly trace: string
  /** Called after an effect and before it is noted as done: where a process can be killed in the middle. */
  readonly onEffect?: () => Promise<void>
}

/** What a flow knows, kept in its session. */
export interface Session {
  readonly amount: number
  /** By check, then by the amount that was checked: what the check said. */
  readonly findings: Readonly<Record<string, Readonly<Record<string, string>>>>
}

export function parseSession(json: string | null): Session {
  return JSON.parse(json ?? '{"amount":0,"findings":{}}') as Session
}

export interface Move {
  readonly step: string
  readonly from: Status | null
  readonly to: Status
  readonly event: string
  readonly details: Readonly<Record<string, unknown>>
  /** What else belongs to it, of locks and of the log. */
  readonly also?: (batch: Batch) => void
}

/** Moves a flow on: the transition, its audit event and what else belongs to it commit together, or not at all. */
export async function move(
  { storage }: Desk,
  dfid: string,
  { step, from, to, event, details, also }: Move,
): Promise<void> {
  await storage.atomically((batch) => {
    batch.lifecycle.transition(dfid, from, to)
    batch.decisionAudit.record(dfid, event, { stepId: step, state: to, details })
    also?.(batch)
  })
}

/** Records that the flow's capital is free again, together with the step that frees it. */
export function releaseCapital(batch: Batch, dfid: string, step: string): void {
  batch.resourceLock.release(dfid)
  batch.decisionAudit.record(dfid, 'capital_released', { stepId: step })
}

/** Commits a batch unless somebody else came first. @returns false if so: a condition was false, nothing is written. */
export async function ifFirst({ storage }: Desk, record: (batch: Batch) => void): Promise<boolean> {
  try {
    await storage.atomically(record)
    return true
  } catch (error) {
    if (isStorageError(error) && error.code === 'STORAGE_CONFLICT') return false
    throw error
  }
}

/** Gives the flow's session the amount that the log tells. */
export function setAmount({ verbs }: Desk, dfid: string, amount: number): Promise<void> {
  return verbs.merge(dfid, (session) => ({ ...session, amount }))
}
