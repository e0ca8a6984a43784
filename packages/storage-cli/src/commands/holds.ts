import type { Hold } from '@dir/storage-core'
import { FLOW, OLDER_THAN, given, listCommand } from '../list-command.ts'

interface Options {
  readonly flow?: string
  readonly resource?: string
  readonly olderThan?: number
}

/** Lists what is reserved. */
export const holds = listCommand<Options, Hold>({
  usage: 'holds',
  summary: 'what is reserved, by which flow and until when',
  options: [FLOW, { flags: '--resource <id>', description: 'only those of this resource' }, OLDER_THAN],
  examples: ['holds --resource cash', 'holds --older-than 1h'],
  items: ({ resourceLock }, { flow: dfid, resource: resourceId, olderThan: olderThanSec }) =>
    resourceLock.listHolds(given({ dfid, resourceId, olderThanSec })),
  columns: [
    ['FLOW', ({ dfid }) => dfid],
    ['RESOURCE', ({ resourceId }) => resourceId],
    ['AMOUNT', ({ amount }) => amount],
    ['SINCE', ({ acquiredAt }) => acquiredAt],
    ['UNTIL', ({ expiresAt }) => expiresAt],
    ['FENCE', ({ fence }) => fence],
  ],
})
