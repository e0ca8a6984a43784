import type { Instant } from '@dir/storage-core'
import type { Statements } from './statements.ts'
import { DIGITS } from './running-totals.ts'
import { lowerBound, now, toColumn } from './time.ts'

/** Of the whole days, hours, minutes and seconds after the start, the counters; of its own second, the tokens. */
const WINDOW_COUNT = /* sql */ `SELECT SUM(tokens) AS tokens FROM (
  ${DIGITS.map(
    (digits) => /* sql */ `SELECT tokens FROM escalation_budget_windows
      WHERE agent_id = ? AND digits = ${digits} AND period > ? AND period < ? UNION ALL`,
  ).join(' ')}
  SELECT COUNT(*) FROM escalation_budget WHERE agent_id = ? AND created_at >= ? AND created_at < ?)`

/** The tokens from `since` on, without counting each: with ten thousand it takes as long as with ten. */
export function getWindowCount(db: Statements, agentId: string, since: Instant): number {
  const from = lowerBound(since)
  /** What sorts after all texts that begin like the start. */
  const end = (digits: number): string => `${from.slice(0, digits)}\u{10ffff}`
  const counted = DIGITS.flatMap((digits, index) => [
    agentId,
    from.slice(0, digits),
    end(DIGITS[index - 1] ?? 0),
  ])
  const row = db.get(WINDOW_COUNT, ...counted, agentId, from, end(DIGITS.at(-1) ?? 0))
  return Number(row?.['tokens'])
}

export function addToken(db: Statements, agentId: string, time = now()): void {
  db.run(
    /* sql */ `INSERT INTO escalation_budget (agent_id, created_at) VALUES (?, ?)`,
    agentId,
    toColumn(time),
  )
}
