import type { ServerName } from '../../scripts/servers/index.ts'
import type { Finding } from './finding.ts'

/** A fault that is not mended yet. The run fails when it is no longer found, so that it leaves this list. */
export interface Known {
  /** Under which it was reported. */
  readonly number: number
  readonly what: string
  readonly backends: readonly ServerName[]
  /** Where it is found each time; elsewhere it may be. */
  readonly part: string
  readonly matches: (finding: Finding) => boolean
}

export const KNOWN: readonly Known[] = []
