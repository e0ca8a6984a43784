import type { AuditEvent } from '../protocols/audit-events.ts'
import { hashLeaf } from './merkle-tree.ts'

/** What of an event is sealed: every field that is read back, the details as their text. */
export type SealedFields = Pick<
  AuditEvent,
  'seq' | 'dfid' | 'event' | 'timestamp' | 'stepId' | 'state' | 'agentId' | 'detailsJson'
>

/** The leaf of an event: the hash of one JSON text of its fields, in this order. */
export function leafOf(event: SealedFields): Uint8Array {
  const { seq, dfid, event: name, timestamp, stepId, state, agentId, detailsJson } = event
  const text = JSON.stringify([seq, dfid, name, timestamp, stepId, state, agentId, detailsJson])
  return hashLeaf(Buffer.from(text))
}
