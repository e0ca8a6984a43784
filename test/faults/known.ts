import type { ServerName } from '../../scripts/servers/index.ts'
import type { Finding } from './finding.ts'

/** A fault that is not mended yet. The run fails when it is no longer found, so that it leaves this list. */
export interface Known {
  readonly backends: readonly ServerName[]
  /** Where it is found each time; elsewhere it may be. */
  readonly part: string
  readonly what: string
  matches(finding: Finding): boolean
}

/** By the number under which the fault was reported. */
export const KNOWN: Readonly<Record<number, Known>> = {
  29: {
    backends: ['postgres', 'mongo'],
    part: 'table',
    what: 'A write that is not in a transaction has no deadline on the server: told to be unknown, it arrives late and undoes, or overtakes, the next acknowledged write of the same handle.',
    matches: ({ call, fault, breach }) =>
      breach === 'undone' && /^late|^in the storm/.test(fault) && !call.startsWith('atomically'),
  },
}
