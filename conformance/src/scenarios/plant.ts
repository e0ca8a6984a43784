import { PROTOCOLS, type StorageHandle, type StorageRecord } from '@dir/storage-core'
import { whole } from './kit.ts'

// Records as another store may have exported them: the way to times, numbers and amounts that no call can bring about.

/** A moment about `seconds` after some past one, in the form in which times come out, to the microsecond. */
export function timeAt(seconds: number): string {
  const micros = String((seconds * 37 + 1) % 1_000).padStart(3, '0')
  return `${new Date(Date.UTC(2026, 2, 1) + seconds * 1_000 + 7).toISOString().slice(0, -1)}${micros}Z`
}

/** So many seconds before now, by the host's clock. */
export const ago = (seconds: number): string =>
  new Date(Date.now() - seconds * 1_000).toISOString().replace('Z', '000Z')

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

export const claim = (
  key: string,
  claimedAt: string,
  more: Partial<Planted<'idempotency'>> = {},
): Planted<'idempotency'> => {
  return {
    type: 'idempotency',
    key,
    resultJson: null,
    requestHash: null,
    createdAt: null,
    claimedAt,
    ...more,
  }
}

/** A result; with `dfid` that of a claim. */
export const result = (
  key: string,
  createdAt: string,
  more: Partial<Planted<'idempotency'>> = {},
): Planted<'idempotency'> => {
  return { ...claim(key, createdAt), claimedAt: null, resultJson: '{"ok": true}', createdAt, ...more }
}

type Text = Extract<StorageRecord, { type: 'session' | 'state' }>

export const session = (dfid: string): Text => {
  return { type: 'session', id: dfid, dataJson: '{"n": 1}', updatedAt: timeAt(0) }
}

export const state = (agentId: string): Text => ({ ...session(agentId), type: 'state' })

export const retries = (dfid: string): Planted<'retryCount'> => {
  return { type: 'retryCount', dfid, count: 2, updatedAt: timeAt(0) }
}

export const decided = (dfid: string, resolvedAt: string): Planted<'request'> => {
  return { ...asked(dfid, timeAt(0)), status: 'RESOLVED', resolvedAt, decision: 'yes' }
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
