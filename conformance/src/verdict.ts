import type { Level, Scenario } from './scenario.ts'

/** How a scenario can end, from good to bad. */
export type Verdict =
  /** Every promise was seen kept. */
  | 'pass'
  /** The backend does not claim it, and refuses it as it should, without an effect. */
  | 'unsupported'
  /** It fails as the backend's own file says, which has not expired. */
  | 'deviation'
  /** What it needs was not there, so nothing was checked. */
  | 'not-run'
  /** Neither kept nor broken: the effort allowed was used up, or too little happened to judge. */
  | 'inconclusive'
  /** It passes although the backend's file says that it fails. */
  | 'unexpected-pass'
  /** Something else than the contract broke: an unexpected exception, a timeout, the harness. */
  | 'error'
  /** A promise was seen broken. */
  | 'fail'

export type Side = 'passed' | 'failed' | 'skipped'

/** On which side of the closing line each verdict counts. */
export const SIDE: Readonly<Record<Verdict, Side>> = {
  pass: 'passed',
  unsupported: 'passed',
  deviation: 'skipped',
  'not-run': 'skipped',
  inconclusive: 'failed',
  'unexpected-pass': 'failed',
  error: 'failed',
  fail: 'failed',
}

/** Thrown by a scenario that could not decide; the verdict is then `inconclusive`. */
export class Inconclusive extends Error {
  override readonly name = 'Inconclusive'
}

/** What came of one scenario. */
export interface ScenarioResult {
  readonly id: string
  readonly title: string
  readonly clause: string
  readonly level: Level
  readonly verdict: Verdict
  /** How many statements it made. */
  readonly asserts: number
  readonly durationMs: number
  /** Why the verdict is not `pass`. */
  readonly message?: string
}

export function result(
  { id, title, clause, level }: Scenario,
  verdict: Verdict,
  asserts: number,
  startedAt: number,
  message?: string,
): ScenarioResult {
  const durationMs = Math.round(performance.now() - startedAt)
  const facts = { id, title, clause, level, verdict, asserts, durationMs }
  return message === undefined ? facts : { ...facts, message }
}
