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

/** Thrown where the backend lacks what it may leave out; the verdict is then `not-run`, and keeps no level away. */
export class NotThere extends Error {
  override readonly name = 'NotThere'
}

/** How a scenario ended, and why. */
export interface Seen {
  readonly verdict: Verdict
  /** Why the verdict is not `pass`. */
  readonly message?: string
  /** The file, line and column of the scenario, below the suite's package. */
  readonly where?: string
  /** Not run, for want of something that a backend may leave out; no level is kept away by that. */
  readonly optional?: boolean
}

/** What came of one scenario. */
export interface ScenarioResult extends Seen {
  readonly id: string
  readonly title: string
  readonly clause: string
  readonly level: Level
  /** How many statements it made. */
  readonly asserts: number
  readonly durationMs: number
}

export function result(
  { id, title, clause, level }: Pick<Scenario, 'id' | 'title' | 'clause' | 'level'>,
  seen: Seen,
  asserts = 0,
  startedAt: number = performance.now(),
): ScenarioResult {
  return { id, title, clause, level, asserts, durationMs: Math.round(performance.now() - startedAt), ...seen }
}
