import { PROTOCOLS, type StorageHandle, type StorageRecord } from '@dir/storage-core'
import { whole } from './kit.ts'

// Records as another store may have exported them: the way to times, numbers and amounts that no call can bring about.

/** A moment about `seconds` after some past one, in the form in which times come out, to the microsecond. */
export function timeAt(seconds: number): string {
  const micros = String((seconds * 37 + 1) % 1_000).padStart(3, '0')
  return `${new Date(Date.UTC(2026, 2, 1) + seconds * 1_000 + 7).toISOString().slice(0, -1)}${micros}Z`
}

const TYPES: readonly (readonly StorageRecord['type'][])[] = [
  ['agent'],
  ['session', 'state'],
  ['idempotency'],
  ['event'],
  ['dirtyFlow'],
  ['hold'],
  ['retryCount'],
  ['budgetToken', 'request'],
  ['transition'],
]

/** Fills an empty store with these records, each type in the order given, as one whole export. */
export async function plant(storage: StorageHandle, records: readonly StorageRecord[]): Promise<void> {
  const ordered = PROTOCOLS.flatMap((_, protocol) =>
    (TYPES[protocol] ?? []).flatMap((type) => records.filter((one) => one.type === type)),
  )
  await storage.importRecords(whole(ordered))
}

type Planted<T extends StorageRecord['type']> = Extract<StorageRecord, { type: T }>

export const event = (seq: number, dfid: string, more: Partial<Planted<'event'>> = {}): Planted<'event'> => {
  const empty = { event: `E${seq}`, stepId: '', state: '', detailsJson: '{}' }
  return { type: 'event', seq, dfid, timestamp: timeAt(0), ...empty, ...more }
}

export const hold = (
  dfid: string,
  resourceId: string,
  fence: number,
  more: Partial<Planted<'hold'>> = {},
): Planted<'hold'> => {
  return { type: 'hold', dfid, resourceId, amount: 1, acquiredAt: timeAt(0), expiresAt: null, fence, ...more }
}

export const mark = (dfid: string, createdAt: string): Planted<'dirtyFlow'> => {
  return { type: 'dirtyFlow', dfid, failedStep: 'step', partialStateJson: '{}', createdAt }
}

export const move = (dfid: string, toStatus: string, createdAt: string): Planted<'transition'> => {
  return { type: 'transition', dfid, fromStatus: null, toStatus, createdAt }
}

export const asked = (dfid: string, createdAt: string): Planted<'request'> => {
  const texts = { reason: '', contextJson: '{}', proposalJson: '{}', impact: '' }
  const open = { status: 'PENDING', resolvedAt: null, decision: null } as const
  return { type: 'request', dfid, agentId: 'agent', ...texts, ...open, createdAt }
}

export const token = (agentId: string, createdAt: string): Planted<'budgetToken'> => {
  return { type: 'budgetToken', agentId, createdAt }
}

export const agent = (agentId: string): Planted<'agent'> => {
  const fields = { contractJson: '{}', priority: 0, status: 'ACTIVE', agentVersion: null, sessionToken: null }
  const times = { registeredAt: timeAt(0), updatedAt: timeAt(0) }
  return { type: 'agent', agentId, ...fields, suspensionReason: null, ...times }
}
