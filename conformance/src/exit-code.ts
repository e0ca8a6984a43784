import { within } from './level.ts'
import type { Report } from './report.ts'
import type { Level } from './scenario.ts'

/** 0 reached · 1 a promise is broken · 3 an error, or nothing ran · 4 incomplete. (2 is wrong usage.) */
export function exitCode(report: Report, required: Level | undefined): number {
  const { verdicts, results, preflight, level, filtered } = report
  if (preflight.length > 0) return 3
  if (verdicts.fail !== undefined || verdicts['unexpected-pass'] !== undefined) return 1
  if (verdicts.error !== undefined || results.every(({ verdict }) => verdict === 'not-run')) return 3
  if (verdicts.inconclusive !== undefined) return 4
  if (required !== undefined) return level !== null && within(required, level) ? 0 : 4
  const lowest = filtered ? null : report.upTo
  const missed = results.some(({ verdict, optional }) => verdict === 'not-run' && optional !== true)
  if (lowest === null) return missed ? 4 : 0
  return level === lowest ? 0 : 4
}
