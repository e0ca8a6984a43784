import type { AuditHead } from './head.ts'

/**
 * What is wrong:
 * - `changed`: an event is not what was sealed; of two that changed places, both are;
 * - `removed`: a sealed event is gone, and no prune removed it;
 * - `inserted`: an event that was not sealed stands among those that were;
 * - `leaves`: an event with the leaves of others was changed or removed;
 * - `seal`: an event with a head was changed, or is no seal;
 * - `unsigned`: a seal has no signature, though there is a key;
 * - `signature`: the events are what was sealed, but the signature is not by this key;
 * - `head`: the log does not have the head that was kept elsewhere: it was cut off, or rewritten as a whole.
 */
export type AuditProblemKind =
  | 'changed'
  | 'removed'
  | 'inserted'
  | 'leaves'
  | 'seal'
  | 'unsigned'
  | 'signature'
  | 'head'

export interface AuditProblem {
  readonly kind: AuditProblemKind
  /** The event that it is about; of `head`, the last one that the head covers. */
  readonly seq: number
  /** It in a sentence. */
  readonly message: string
}

/** What `verifyAudit` found; where there is a problem, the counts say how far it had come. */
export interface AuditReport {
  readonly ok: boolean
  /** The first one. */
  readonly problem: AuditProblem | null
  /** Events that are there. */
  readonly events: number
  /** Events that are as they were sealed, or pruned. */
  readonly sealed: number
  /** Events after what the last seal covers, its own too, which nothing can be said of. */
  readonly unsealed: number
  /** Of the sealed ones, those that a prune removed. */
  readonly pruned: number
  /** The last seal that fits; null where the log has none. */
  readonly head: AuditHead | null
}

const SENTENCES: { readonly [K in AuditProblemKind]: string } = {
  changed: 'is not what was sealed',
  removed: 'was sealed and is gone, and no prune removed it',
  inserted: 'stands among sealed events and was not sealed',
  leaves: 'is to hold the leaves of events that are as they were sealed; it was changed or removed',
  seal: 'is to seal events that fit their leaves, and does not fit them: it was changed, or no sealAudit() wrote it',
  unsigned: 'is a seal without a signature',
  signature:
    'is a seal that fits the events, but its signature is not by this key: it is another key, or a forged seal',
  head: 'is the last one that the given head covers, and the log has no such head: it was cut off, or rewritten',
}

export function problemAt(seq: number, kind: AuditProblemKind): AuditProblem {
  return { kind, seq, message: `Event ${seq} ${SENTENCES[kind]}.` }
}

/** The one that comes first in the log. */
export function earlier(one: AuditProblem, other: AuditProblem | null): AuditProblem {
  return other !== null && other.seq < one.seq ? other : one
}
