import type { DirtyFlow } from '@dir/storage-core'
import { OLDER_THAN, given, listCommand } from '../list-command.ts'

/** Lists the flows that broke half-way. */
export const dirty = listCommand<{ readonly olderThan?: number }, DirtyFlow>({
  usage: 'dirty',
  summary: 'flows that broke half-way and wait to be compensated, the oldest first',
  options: [OLDER_THAN],
  examples: ['dirty --older-than 1d'],
  items: ({ saga }, { olderThan: olderThanSec }) => saga.listDirtyFlows(given({ olderThanSec })),
  columns: [
    ['FLOW', ({ dfid }) => dfid],
    ['FAILED STEP', ({ failedStep }) => failedStep],
    ['SINCE', ({ markedAt }) => markedAt],
    ['STATE', ({ partialStateJson }) => partialStateJson],
  ],
})
