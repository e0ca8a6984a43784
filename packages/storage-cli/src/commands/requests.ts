import type { RequestStatus, StoredRequest } from '@dir/storage-core'
import { OLDER_THAN, given, listCommand } from '../list-command.ts'
import { oneOf } from '../parse.ts'

interface Options {
  readonly status?: RequestStatus
  readonly agent?: string
  readonly olderThan?: number
}

/** Lists what went to a human. */
export const requests = listCommand<Options, StoredRequest>({
  usage: 'requests',
  summary: 'what went to a human, and what they decided, the oldest first',
  options: [
    {
      flags: '--status <status>',
      description: 'pending or resolved',
      parse: oneOf<RequestStatus>('PENDING', 'RESOLVED'),
    },
    { flags: '--agent <id>', description: 'only those of this agent' },
    OLDER_THAN,
  ],
  examples: ['requests --status pending --older-than 4h', 'requests --json | jq .proposal'],
  items: ({ escalation }, { status, agent: agentId, olderThan: olderThanSec }) =>
    escalation.listRequests(given({ status, agentId, olderThanSec })),
  columns: [
    ['FLOW', ({ dfid }) => dfid],
    ['STATUS', ({ status }) => status],
    ['AGENT', ({ agentId }) => agentId],
    ['SINCE', ({ createdAt }) => createdAt],
    ['DECISION', ({ decision }) => decision],
    ['BY', ({ resolvedBy }) => resolvedBy],
    ['IMPACT', ({ impact }) => impact],
    ['REASON', ({ reason }) => reason],
  ],
})
