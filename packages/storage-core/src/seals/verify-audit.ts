import { SEALS_FLOW, isNote } from '../handle/prune-note.ts'
import { checkedOptions } from '../rules/fields.ts'
import type { EffectSignal } from '../rules/signal.ts'
import { abortSignal } from '../rules/validate.ts'
import { type WithAudit, auditLog } from './audit-log.ts'
import { type AuditProblem, type AuditReport, earlier, problemAt } from './audit-report.ts'
import { EventCursor } from './event-cursor.ts'
import { type AuditHead, auditHead } from './head.ts'
import { MissingEvents } from './missing-events.ts'
import { RetracedTree } from './retraced-tree.ts'
import { SealJudge } from './seal-judge.ts'
import type { SealKey } from './seal-key.ts'
import { headOf } from './seal-record.ts'
import { verifyingKey } from './signer.ts'

export interface VerifyOptions {
  /** The key of the seals: the secret, or the public key of the one that signed. Without it no signature is looked at. */
  readonly key?: SealKey
  /** A head that was kept elsewhere, which the log must have. */
  readonly head?: AuditHead
  /** Ends it early; it then rejects with the reason. */
  readonly signal?: EffectSignal
}

/**
 * Reads the whole log twice, in the order of `seq` and in little memory, and compares each sealed event with what was sealed.
 * Others may append, prune and seal meanwhile.
 *
 * It judges what `events()` gives back, so a time in another form of the same moment is the same. It cannot show what happened
 * to events after the last seal, nor, without a `head` that was kept elsewhere, that the log was cut off behind an earlier
 * seal, or rewritten as a whole by somebody who has the key; without a key, anybody who can write it could do that. Nor can it
 * tell a prune from somebody who removes events and writes that a prune did: `pruned` says how many are gone.
 * @returns the first problem, if there is one; it does not throw for it.
 */
export async function verifyAudit(storage: WithAudit, options?: VerifyOptions): Promise<AuditReport> {
  const log = auditLog('storage', storage)
  const { key, head, signal } = checkedOptions(options, {
    key: verifyingKey,
    head: auditHead,
    signal: abortSignal,
  })
  const events = await EventCursor.open(log, signal)
  try {
    const [tree, missing] = [new RetracedTree(events, head), new MissingEvents()]
    const judge = new SealJudge(tree, missing, key)
    // the whole log a second time: an index by flow could be tampered with unseen
    for await (const event of log.events()) {
      signal?.throwIfAborted()
      if (isNote(event)) missing.explain(event)
      if (event.dfid === SEALS_FLOW && judge.problem === null) await judge.take(event)
    }
    const covered = events.taken
    const { pruned, unexplained } = missing.told
    const problem = firstOf(judge, tree, head, unexplained)
    while (problem === null && (await events.take(Infinity)) !== null);
    return {
      ok: problem === null,
      problem,
      events: events.taken,
      sealed: judge.current.size,
      unsealed: events.taken - covered,
      pruned,
      head: judge.current.seq === 0 ? null : headOf(judge.current),
    }
  } finally {
    await events.close()
  }
}

function firstOf(
  { problem, isNote: isUnknown, suspicion }: SealJudge,
  { hasHead }: RetracedTree,
  head: AuditHead | null,
  unexplained: number | null,
): AuditProblem | null {
  const removed = unexplained === null || isUnknown ? null : problemAt(unexplained, 'removed')
  if (problem !== null) return earlier(problem, removed)
  return removed ?? suspicion ?? (head !== null && hasHead !== true ? problemAt(head.lastSeq, 'head') : null)
}
