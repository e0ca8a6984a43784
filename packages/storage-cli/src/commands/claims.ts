import type { UnfinishedClaim, UnfinishedState } from '@dir/storage-core'
import { FLOW, OLDER_THAN, given, listCommand } from '../list-command.ts'
import { oneOf } from '../parse.ts'

interface Options {
  readonly state?: UnfinishedState
  readonly flow?: string
  readonly olderThan?: number
}

/** Lists the claims that have no result. */
export const claims = listCommand<Options, UnfinishedClaim>({
  usage: 'claims',
  summary: 'effects that were begun and have no result, the oldest first',
  details:
    'An ambiguous one ran out of its lease: nobody knows whether its effect happened. Look, then end it with its token.',
  options: [
    {
      flags: '--state <state>',
      description: 'inFlight or ambiguous',
      parse: oneOf<UnfinishedState>('inFlight', 'ambiguous'),
    },
    FLOW,
    OLDER_THAN,
  ],
  examples: ['claims --state ambiguous'],
  items: ({ idempotency }, { state, flow: dfid, olderThan: olderThanSec }) =>
    idempotency.listClaims(given({ state, dfid, olderThanSec })),
  columns: [
    ['KEY', ({ key }) => key],
    ['STATE', ({ state }) => state],
    ['FLOW', ({ dfid }) => dfid],
    ['STEP', ({ stepId }) => stepId],
    ['SINCE', ({ since }) => since],
    ['UNTIL', ({ until }) => until],
    ['TOKEN', ({ token }) => token],
  ],
})
