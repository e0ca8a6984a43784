import { lockGrantMutants } from './lock-grants.ts'
import { lockCapacityMutants } from './lock-capacity.ts'
import { lockHoldMutants } from './lock-holds.ts'
import { lockFenceMutants } from './lock-fences.ts'
import { claimMutants } from './claims.ts'
import { claimEndMutants } from './claim-ends.ts'
import { claimRenewalMutants } from './claim-renewals.ts'
import { idempotencyMutants } from './idempotency.ts'
import { contextMutants } from './context.ts'
import { idMutants } from './ids.ts'
import { agentRegistryMutants } from './agent-registry.ts'
import { agentListMutants } from './agent-lists.ts'
import { holdListMutants } from './hold-lists.ts'
import { listPageMutants } from './list-pages.ts'
import { markListMutants } from './mark-lists.ts'
import { claimListMutants } from './claim-lists.ts'
import { countMutants } from './counts.ts'
import { numberMutants } from './numbers.ts'
import { decisionAuditMutants } from './decision-audit.ts'
import { eventOrderMutants } from './event-order.ts'
import { eventFollowMutants } from './event-follow.ts'
import { eventNewestMutants } from './event-newest.ts'
import { eventAgentsMutants } from './event-agents.ts'
import { eventTimesMutants } from './event-times.ts'
import { escalationMutants } from './escalation.ts'
import { escalationBudgetMutants } from './escalation-budget.ts'
import { escalationDecisionMutants } from './escalation-decisions.ts'
import { escalationFilterMutants } from './escalation-filters.ts'
import { escalationListMutants } from './escalation-lists.ts'
import { decisionRaceMutants } from './decision-races.ts'
import { lifecycleFlowFilterMutants } from './lifecycle-flow-filters.ts'
import { lifecycleFlowIndexMutants } from './lifecycle-flow-index.ts'
import { lifecycleFlowMutants } from './lifecycle-flows.ts'
import { lifecycleMutants } from './lifecycle.ts'
import { batchMutants } from './atomically.ts'
import { batchAnswerMutants, formerStatusMutant } from './batch-answers.ts'
import { refusalMutants } from './batch-refusals.ts'
import { batchSkewMutants } from './batch-skew.ts'
import { effectMutants } from './effects.ts'
import { handleMutants } from './handle.ts'
import { transferRivalMutants } from './transfer-rivals.ts'
import { transferMutants } from './transfer.ts'
import { transferDecisionMutants } from './transfer-decisions.ts'
import { transferFieldMutants } from './transfer-fields.ts'
import { transferWholeMutants } from './transfer-whole.ts'
import { pruneMutants } from './prune.ts'
import { pruneLimitMutants } from './prune-limits.ts'
import { prunePartMutants } from './prune-parts.ts'
import { pruneRunMutants } from './prune-runs.ts'
import { pruneTraceMutants } from './prune-traces.ts'
import { protocolMutants } from './every-protocol.ts'
import { timeMutants } from './times.ts'
import { transferEmptyMutants } from './transfer-empty.ts'
import { openMutants } from './open.ts'
import { lengthMutants } from './lengths.ts'
import { confusionMutants } from './confusions.ts'
import { bystanderMutants } from './bystanders.ts'
import { joinEndMutants } from './join-ends.ts'
import { joinMutants } from './join.ts'
import type { Mutant } from './mutant.ts'

/** All of them, over any sound backend. The one that is a backend of its own is `seed-faithful`. */
export const MUTANTS: readonly Mutant[] = [
  ...lockGrantMutants,
  ...lockCapacityMutants,
  ...lockHoldMutants,
  ...lockFenceMutants,
  ...idempotencyMutants,
  ...claimMutants,
  ...claimEndMutants,
  ...claimRenewalMutants,
  ...contextMutants,
  ...idMutants,
  ...agentRegistryMutants,
  ...agentListMutants,
  ...holdListMutants,
  ...markListMutants,
  ...claimListMutants,
  ...listPageMutants,
  ...countMutants,
  ...numberMutants,
  ...pruneMutants,
  ...prunePartMutants,
  ...pruneRunMutants,
  ...pruneLimitMutants,
  ...pruneTraceMutants,
  ...decisionAuditMutants,
  ...eventOrderMutants,
  ...eventFollowMutants,
  ...eventNewestMutants,
  ...eventAgentsMutants,
  ...eventTimesMutants,
  ...escalationMutants,
  ...escalationDecisionMutants,
  ...escalationListMutants,
  ...escalationFilterMutants,
  ...decisionRaceMutants,
  ...escalationBudgetMutants,
  ...lifecycleMutants,
  ...lifecycleFlowMutants,
  ...lifecycleFlowFilterMutants,
  ...lifecycleFlowIndexMutants,
  ...batchMutants,
  ...batchAnswerMutants,
  formerStatusMutant,
  ...refusalMutants,
  ...batchSkewMutants,
  ...joinMutants,
  ...joinEndMutants,
  ...handleMutants,
  ...effectMutants,
  ...transferMutants,
  ...transferFieldMutants,
  ...transferDecisionMutants,
  ...transferRivalMutants,
  ...transferWholeMutants,
  ...timeMutants,
  ...transferEmptyMutants,
  ...openMutants,
  ...protocolMutants,
  ...lengthMutants,
  ...confusionMutants,
  ...bystanderMutants,
]
