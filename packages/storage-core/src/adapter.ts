// For those who write an adapter; what users need too is in './index.ts'.
import './check-node.ts'
export { compareHolds } from './adapter/compare-holds.ts'
export {
  type Call,
  type Implementation,
  type SyncImplementation,
  type Work,
  operationOf,
} from './adapter/call.ts'
export { CommitQueue } from './adapter/commit-queue.ts'
export type { CommitQueueOptions, Sending } from './adapter/commit-queue-options.ts'
export { settleBy } from './adapter/deadline.ts'
export type { DriverTransfer, JoinedTransaction, StorageDriver, Watching } from './adapter/driver.ts'
export { flowPruning } from './adapter/flow-pruning.ts'
export { keepWatching } from './adapter/keep-watching.ts'
export { pause } from './adapter/pause.ts'
export type { WorkResult } from './adapter/queued-work.ts'
export { conditionFailed, importTakenOver, importUnfinished, nextCount, noRoom } from './adapter/refusals.ts'
export {
  type SyncOperations,
  type SyncWrites,
  conditionalWrite,
  runCall,
  runWork,
} from './adapter/sync-operations.ts'
export { cleanCause } from './errors/cause.ts'
export { copyOf, locate } from './errors/storage-error.ts'
export type { Atomically } from './handle/batch.ts'
export { createStorage } from './handle/create-storage.ts'
export { EffectsUnderWay } from './handle/effects.ts'
export { HANDLE_OPTIONS, timeoutMsOf } from './handle/handle-options.ts'
export type {
  AgentRegistryReads,
  AgentRegistryWrites,
  AgentRow,
  ListedAgentRow,
} from './protocols/agent-registry.ts'
export type { EventPageFilter, EventPlace, EventRow } from './protocols/audit-events.ts'
export { type TimePart, isEventBefore, timeParts } from './protocols/events-by-time.ts'
export { type ClaimPageFilter, type ClaimRow, IMPORTED_UNTIL } from './protocols/claims.ts'
export type { ContextKind, ContextReads, ContextWrites } from './protocols/context.ts'
export type { DecisionAuditReads, DecisionAuditWrites, NewEvent } from './protocols/decision-audit.ts'
export type { EscalationReads, EscalationWrites } from './protocols/escalation.ts'
export type {
  PendingRow,
  RequestPageFilter,
  RequestRow,
  Resolution,
} from './protocols/escalation-requests.ts'
export type { ClaimAnswer, IdempotencyReads, IdempotencyWrites } from './protocols/idempotency.ts'
export { CAPABILITY_OF, type Operations, type Reads, type Writes } from './protocols/index.ts'
export type { IntentRetryReads, IntentRetryWrites } from './protocols/intent-retry.ts'
export type { FlowPageFilter } from './protocols/lifecycle-flows.ts'
export type { LifecycleReads, LifecycleWrites } from './protocols/lifecycle.ts'
export type { Page, Transfer } from './protocols/protocol.ts'
export { type FlowPruning, type PagePruning, type PrunedPage, oldBefore } from './protocols/pruning.ts'
export type { Counters } from './protocols/record-rules.ts'
export type { HoldPageFilter, HoldRow } from './protocols/holds.ts'
export type {
  AcquireRequest,
  Demand,
  ResourceLockReads,
  ResourceLockWrites,
} from './protocols/resource-lock.ts'
export type { DirtyFlowRow, DirtyRow, SagaReads, SagaWrites } from './protocols/saga.ts'
export { MAX_MICROS, type Micros, exportAmount, fromMicros, importAmount, toMicros } from './rules/amounts.ts'
export { ATOMIC_CAPABILITIES } from './rules/capabilities.ts'
export { namespace as checkNamespace } from './rules/namespace.ts'
export { record as checkRecord } from './rules/objects.ts'
export { storeOptions } from './rules/options.ts'
export { formatMicros, hostMicros, microsOf, parseInstant } from './rules/time.ts'
export { MAX_INT32, compareIds, id as checkId } from './rules/validate.ts'
