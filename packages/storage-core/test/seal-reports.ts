import { expect } from 'vitest'
import type { StorageHandle } from '../src/index.ts'
import type { AuditHead, AuditReport } from '../src/seals.ts'
import { failureOf } from '../../../scripts/servers/failure.ts'

/** What is to be said of a log that is as it was sealed; of what the head covers, so many events were pruned. */
export async function intact(
  { decisionAudit }: StorageHandle,
  head: AuditHead,
  pruned = 0,
): Promise<AuditReport> {
  const events = (await decisionAudit.allEventsChronological()).length
  const unsealed = events - (head.size - pruned)
  return { ok: true, problem: null, events, sealed: head.size, unsealed, pruned, head }
}

/** What was found, and of which event; null: nothing. Its sentence begins with that event. */
export function problemOf({ ok, problem }: AuditReport): readonly [kind: string, seq: number] | null {
  expect(ok).toBe(problem === null)
  if (problem === null) return null
  const { kind, seq, message } = problem
  expect(message.startsWith(`Event ${seq} `)).toBe(true)
  return [kind, seq]
}

/** Expects a refusal of that argument. */
export async function expectInvalid(refused: Promise<unknown>, argument: string): Promise<void> {
  const facts = { code: 'STORAGE_INVALID_ARGUMENT', outcome: 'not-applied', retryable: false, argument }
  expect(await failureOf(refused, 'argument')).toEqual(facts)
}
