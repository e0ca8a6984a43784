import { lockGrantMutants } from './lock-grants.ts'
import { lockCapacityMutants } from './lock-capacity.ts'
import { lockHoldMutants } from './lock-holds.ts'
import { lockFenceMutants } from './lock-fences.ts'
import { claimMutants } from './claims.ts'
import { claimEndMutants } from './claim-ends.ts'
import { idempotencyMutants } from './idempotency.ts'
import { contextMutants } from './context.ts'
import { idMutants } from './ids.ts'
import { agentRegistryMutants } from './agent-registry.ts'
import { countMutants } from './counts.ts'
import { decisionAuditMutants } from './decision-audit.ts'
import { eventOrderMutants } from './event-order.ts'
import { escalationMutants } from './escalation.ts'
import { escalationBudgetMutants } from './escalation-budget.ts'
import { lifecycleMutants } from './lifecycle.ts'
import { batchMutants } from './atomically.ts'
import { batchAnswerMutants, formerStatusMutant } from './batch-answers.ts'
import { batchSkewMutants } from './batch-skew.ts'
import { handleMutants } from './handle.ts'
import { transferRivalMutants } from './transfer-rivals.ts'
import { transferMutants } from './transfer.ts'
import { transferFieldMutants } from './transfer-fields.ts'
import { transferWholeMutants } from './transfer-whole.ts'
import { protocolMutants } from './every-protocol.ts'
import { timeMutants } from './times.ts'
import { transferEmptyMutants } from './transfer-empty.ts'
import { openMutants } from './open.ts'
import { lengthMutants } from './lengths.ts'
import { confusionMutants } from './confusions.ts'
import { bystanderMutants } from './bystanders.ts'
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
  ...contextMutants,
  ...idMutants,
  ...agentRegistryMutants,
  ...countMutants,
  ...decisionAuditMutants,
  ...eventOrderMutants,
  ...escalationMutants,
  ...escalationBudgetMutants,
  ...lifecycleMutants,
  ...batchMutants,
  ...batchAnswerMutants,
  formerStatusMutant,
  ...batchSkewMutants,
  ...handleMutants,
  ...transferMutants,
  ...transferFieldMutants,
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
