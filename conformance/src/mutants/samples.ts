import type { EscalationRequest } from '@dir/storage-core'

/** A request for witnesses, who have the store for themselves. */
export const REQUEST: EscalationRequest = {
  dfid: 'w',
  agentId: 'w',
  reason: '',
  contextJson: '{}',
  proposalJson: '{}',
  impact: '',
}

/** A lease that does not end while a witness looks. */
export const LEASE = { leaseSec: 60 }
