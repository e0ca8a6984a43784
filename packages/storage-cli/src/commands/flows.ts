import type { FlowStatus } from '@dir/storage-core'
import { OLDER_THAN, given, listCommand } from '../list-command.ts'

interface Options {
  readonly status?: string
  readonly olderThan?: number
}

/** Lists the flows, each with where it stands. */
export const flows = listCommand<Options, FlowStatus>({
  usage: 'flows',
  summary: 'the flows and where they stand, the oldest first',
  options: [{ flags: '--status <status>', description: 'only those in this status' }, OLDER_THAN],
  examples: ['flows --status RESERVED --older-than 15m', 'flows --json | jq -r .dfid'],
  items: ({ lifecycle }, { status, olderThan: olderThanSec }) =>
    lifecycle.listFlows(given({ status, olderThanSec })),
  columns: [
    ['FLOW', ({ dfid }) => dfid],
    ['STATUS', ({ status }) => status],
    ['SINCE', ({ since }) => since],
  ],
})
