import { SEALS_FLOW } from '../handle/prune-note.ts'
import { checkedOptions } from '../rules/fields.ts'
import type { EffectSignal } from '../rules/signal.ts'
import { abortSignal } from '../rules/validate.ts'
import { type WithAudit, auditLog } from './audit-log.ts'
import { type AuditProblem, type AuditReport, problemAt } from './audit-report.ts'
import { EventCursor } from './event-cursor.ts'
import { type AuditHead, auditHead } from './head.ts'
import { PrunedSeqs } from './pruned-seqs.ts'
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
 * Reads the whole log, in the order of `seq` and in little memory, and compares each sealed event with what was sealed.
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
    const tree = new RetracedTree(events, new PrunedSeqs(log), head)
    const judge = new SealJudge(tree, key)
    const judged = async (): Promise<AuditProblem | null> => {
      for await (const event of log.events({ dfid: SEALS_FLOW })) {
        const problem = await judge.take(event)
        if (problem !== null) return problem
        if (head !== null && tree.hasHead === false) return problemAt(head.lastSeq, 'head')
      }
      if (judge.suspicion !== null) return judge.suspicion
      return head !== null && tree.hasHead === null ? problemAt(head.lastSeq, 'head') : null
    }
    const problem = await judged()
    const covered = events.taken
    while (problem === null && (await events.take(Infinity)) !== null);
    return {
      ok: problem === null,
      problem,
      events: events.taken,
      sealed: judge.current.size,
      unsealed: events.taken - covered,
      pruned: tree.pruned,
      head: judge.current.seq === 0 ? null : headOf(judge.current),
    }
  } finally {
    await events.close()
  }
}
