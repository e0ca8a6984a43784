import type { PlannedWork } from './planned-work.ts'
import type { SqlValue } from './session.ts'
import { inWaves } from './waves.ts'

/** What the server's functions are told of works, in the order of their parameters. */
export interface CommitArguments {
  readonly settings: object
  readonly keys: SqlValue
  readonly resources: SqlValue
  readonly flows: SqlValue
  readonly deadlines: SqlValue
  readonly waves: SqlValue
}

/** `onServer` tells a moment of this process on the server's clock, in microseconds. */
export function commitArguments(
  works: readonly PlannedWork[],
  lockWaitMs: number,
  makesDurable: boolean,
  onServer: (moment: number) => number,
): CommitArguments {
  const union = <T>(of: (work: PlannedWork) => readonly T[]): T[] => [...new Set(works.flatMap(of))]
  const keys = union(({ keys: own }) => own)
  return {
    settings: {
      lockWaitMs: String(Math.round(lockWaitMs)),
      isWhole: works.some(({ isWhole }) => isWhole),
      appends: works.some(({ appends }) => appends),
      makesDurable,
    },
    keys: keys.toSorted((a, b) => (a < b ? -1 : 1)).map(String),
    resources: union(({ resources }) => resources),
    flows: union(({ flows }) => flows),
    deadlines: works.map(({ work }) => onServer(work.deadline)),
    waves: JSON.stringify(inWaves(works)),
  }
}
