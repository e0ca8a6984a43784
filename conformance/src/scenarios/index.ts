import type { Scenario } from '../scenario.ts'
import { scenarios as records } from './records.ts'
import { scenarios as removals } from './removals.ts'
import { scenarios as agentRegistry } from './agent-registry.ts'
import { scenarios as agentRegistryLists } from './agent-registry-lists.ts'
import { scenarios as context } from './context.ts'
import { scenarios as updateSession } from './update-session.ts'
import { scenarios as idempotency } from './idempotency.ts'
import { scenarios as idempotencyClaim } from './idempotency-claim.ts'
import { scenarios as idempotencyAmbiguous } from './idempotency-ambiguous.ts'
import { scenarios as idempotencyLists } from './idempotency-lists.ts'
import { scenarios as idempotencyListPages } from './idempotency-list-pages.ts'
import { scenarios as idempotencyRenew } from './idempotency-renew.ts'
import { scenarios as runOnce } from './run-once.ts'
import { scenarios as runOnceLong } from './run-once-long.ts'
import { scenarios as decisionAudit } from './decision-audit.ts'
import { scenarios as decisionAuditCursor } from './decision-audit-cursor.ts'
import { scenarios as eventFilters } from './event-filters.ts'
import { scenarios as eventFollow } from './event-follow.ts'
import { scenarios as eventNewest } from './event-newest.ts'
import { scenarios as eventTimes } from './event-times.ts'
import { scenarios as auditStore } from './audit-store.ts'
import { scenarios as saga } from './saga.ts'
import { scenarios as sagaLists } from './saga-lists.ts'
import { scenarios as resourceLock } from './resource-lock.ts'
import { scenarios as resourceLockAmounts } from './resource-lock-amounts.ts'
import { scenarios as resourceLockCapacity } from './resource-lock-capacity.ts'
import { scenarios as resourceLockFence } from './resource-lock-fence.ts'
import { scenarios as resourceLockLease } from './resource-lock-lease.ts'
import { scenarios as resourceLockLists } from './resource-lock-lists.ts'
import { scenarios as resourceLockRenew } from './resource-lock-renew.ts'
import { scenarios as intentRetry } from './intent-retry.ts'
import { scenarios as escalation } from './escalation.ts'
import { scenarios as escalationAges } from './escalation-ages.ts'
import { scenarios as escalationBudget } from './escalation-budget.ts'
import { scenarios as escalationDecisions } from './escalation-decisions.ts'
import { scenarios as escalationLists } from './escalation-lists.ts'
import { scenarios as escalationPages } from './escalation-pages.ts'
import { scenarios as lifecycle } from './lifecycle.ts'
import { scenarios as lifecycleFlowAges } from './lifecycle-flow-ages.ts'
import { scenarios as lifecycleFlowPages } from './lifecycle-flow-pages.ts'
import { scenarios as lifecycleFlows } from './lifecycle-flows.ts'
import { scenarios as handle } from './handle.ts'
import { scenarios as handleOrder } from './handle-order.ts'
import { scenarios as handleVerbs } from './handle-verbs.ts'
import { scenarios as handleErrors } from './handle-errors.ts'
import { scenarios as handleClose } from './handle-close.ts'
import { scenarios as handleDrain } from './handle-drain.ts'
import { scenarios as values } from './values.ts'
import { scenarios as valuesNumbers } from './values-numbers.ts'
import { scenarios as valuesText } from './values-text.ts'
import { scenarios as valuesLimits } from './values-limits.ts'
import { scenarios as valuesAliasing } from './values-aliasing.ts'
import { scenarios as verbsIds } from './verbs-ids.ts'
import { scenarios as malformedArguments } from './arguments.ts'
import { scenarios as atomically } from './atomically.ts'
import { scenarios as atomicallyConditions } from './atomically-conditions.ts'
import { scenarios as atomicallyRefusals } from './atomically-refusals.ts'
import { scenarios as atomicallyNested } from './atomically-nested.ts'
import { scenarios as atomicallyAnswers } from './atomically-answers.ts'
import { scenarios as join } from './join.ts'
import { scenarios as joinEnds } from './join-ends.ts'
import { scenarios as transfer } from './transfer.ts'
import { scenarios as transferForm } from './transfer-form.ts'
import { scenarios as transferArrival } from './transfer-arrival.ts'
import { scenarios as transferImport } from './transfer-import.ts'
import { scenarios as transferEmpty } from './transfer-empty.ts'
import { scenarios as transferPages } from './transfer-pages.ts'
import { scenarios as transferRivals } from './transfer-rivals.ts'
import { scenarios as transferWhole } from './transfer-whole.ts'
import { scenarios as prune } from './prune.ts'
import { scenarios as pruneAfter } from './prune-after.ts'
import { scenarios as pruneAges } from './prune-ages.ts'
import { scenarios as pruneMany } from './prune-many.ts'
import { scenarios as pruneRaces } from './prune-races.ts'
import { scenarios as pruneRules } from './prune-rules.ts'
import { scenarios as breadth } from './breadth.ts'
import { scenarios as linearizability } from './linearizability.ts'
import { scenarios as model } from './model.ts'
import { scenarios as races } from './races.ts'
import { scenarios as racesWriters } from './races-writers.ts'
import { scenarios as racesEscalation } from './races-escalation.ts'
import { scenarios as racesLocks } from './races-locks.ts'
import { scenarios as racesBatches } from './races-batches.ts'
import { scenarios as racesKept } from './races-kept.ts'
import { scenarios as processes } from './processes.ts'
import { scenarios as processesStore } from './processes-store.ts'
import { scenarios as processesTokens } from './processes-tokens.ts'
import { scenarios as processesLinear } from './processes-linear.ts'
import { scenarios as stalled } from './stalled.ts'
import { scenarios as crashes } from './crashes.ts'

/** The catalogue, in the order in which it runs. */
export const SCENARIOS: readonly Scenario[] = [
  ...records,
  ...removals,
  ...agentRegistry,
  ...agentRegistryLists,
  ...context,
  ...updateSession,
  ...idempotency,
  ...idempotencyClaim,
  ...idempotencyAmbiguous,
  ...idempotencyRenew,
  ...idempotencyLists,
  ...idempotencyListPages,
  ...runOnce,
  ...runOnceLong,
  ...decisionAudit,
  ...decisionAuditCursor,
  ...eventFilters,
  ...eventNewest,
  ...eventTimes,
  ...eventFollow,
  ...auditStore,
  ...saga,
  ...sagaLists,
  ...resourceLock,
  ...resourceLockAmounts,
  ...resourceLockCapacity,
  ...resourceLockFence,
  ...resourceLockLease,
  ...resourceLockLists,
  ...resourceLockRenew,
  ...intentRetry,
  ...escalation,
  ...escalationDecisions,
  ...escalationLists,
  ...escalationPages,
  ...escalationAges,
  ...escalationBudget,
  ...lifecycle,
  ...lifecycleFlows,
  ...lifecycleFlowAges,
  ...lifecycleFlowPages,
  ...handle,
  ...handleOrder,
  ...handleVerbs,
  ...handleErrors,
  ...handleClose,
  ...handleDrain,
  ...values,
  ...valuesNumbers,
  ...valuesText,
  ...valuesLimits,
  ...valuesAliasing,
  ...verbsIds,
  ...malformedArguments,
  ...atomically,
  ...atomicallyConditions,
  ...atomicallyRefusals,
  ...atomicallyNested,
  ...atomicallyAnswers,
  ...join,
  ...joinEnds,
  ...prune,
  ...pruneAges,
  ...pruneMany,
  ...pruneRules,
  ...pruneAfter,
  ...pruneRaces,
  ...transfer,
  ...transferForm,
  ...transferImport,
  ...transferEmpty,
  ...transferPages,
  ...transferRivals,
  ...transferWhole,
  ...transferArrival,
  ...breadth,
  ...model,
  ...racesWriters,
  ...races,
  ...racesEscalation,
  ...racesLocks,
  ...racesBatches,
  ...racesKept,
  ...linearizability,
  ...processes,
  ...processesStore,
  ...processesTokens,
  ...processesLinear,
  ...stalled,
  ...crashes,
]
