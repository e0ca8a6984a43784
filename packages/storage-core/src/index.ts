import './check-node.ts'
export type {
  Agent,
  AgentInput,
  AgentRegistryOperations,
  AgentRegistryReads,
  AgentRegistryWrites,
  AgentRegistryStorage,
  AgentRow,
  AgentStatus,
} from './protocols/agent-registry.ts'
export {
  type ExportedAmount,
  MAX_AMOUNT,
  MAX_MICROS,
  type Micros,
  exportAmount,
  fromMicros,
  importAmount,
  toMicros,
} from './rules/amounts.ts'
export { AuditStore } from './helpers/audit-store.ts'
export type { Batch } from './handle/batch.ts'
export type {
  Health,
  ImportOptions,
  ImportSummary,
  Operations,
  Protocol,
  Reads,
  StorageBundle,
  StorageHandle,
  Writes,
} from './protocols/bundle.ts'
export type { Call, Implementation, Page, SyncImplementation, Transfer, Work } from './adapter/call.ts'
export { ATOMIC_CAPABILITIES, CAPABILITIES, CAPABILITY_OF, type Capability } from './rules/capabilities.ts'
export type {
  ContextKind,
  ContextOperations,
  ContextReads,
  ContextWrites,
  ContextStorage,
} from './protocols/context.ts'
export type {
  AuditDetails,
  AuditEvent,
  AuditEventInput,
  DecisionAuditOperations,
  DecisionAuditReads,
  DecisionAuditWrites,
  DecisionAuditStorage,
  EventFilter,
  EventPageFilter,
  EventRow,
  NewEvent,
} from './protocols/decision-audit.ts'
export {
  type DriverTransfer,
  HANDLE_OPTIONS,
  type HandleOptions,
  type StorageDriver,
  importTakenOver,
  timeoutMsOf,
} from './adapter/driver.ts'
export * from './errors/index.ts'
export type {
  Budget,
  BudgetAnswer,
  EscalationOperations,
  EscalationReads,
  EscalationWrites,
  EscalationRequest,
  EscalationStorage,
  PendingRequest,
  PendingRow,
  Resolution,
} from './protocols/escalation.ts'
export { createStorage } from './handle/create-storage.ts'
export type {
  Claim,
  ClaimAnswer,
  ClaimOptions,
  IdempotencyOperations,
  IdempotencyReads,
  IdempotencyWrites,
  IdempotencyStorage,
  JsonObject,
} from './protocols/idempotency.ts'
export { idempotencyKey } from './helpers/idempotency-key.ts'
export {
  type IntentRetryOperations,
  type IntentRetryReads,
  type IntentRetryWrites,
  type IntentRetryStorage,
  nextCount,
} from './protocols/intent-retry.ts'
export { loadsJson } from './json/decode.ts'
export { type PyFloat, dumpsJsonDict, pyFloat } from './json/encode.ts'
export type {
  LifecycleOperations,
  LifecycleReads,
  LifecycleWrites,
  LifecycleStorage,
  Transition,
} from './protocols/lifecycle.ts'
export { PROTOCOLS } from './protocols/index.ts'
export type * from './protocols/records.ts'
export {
  type AcquireOptions,
  type AcquireRequest,
  type Demand,
  type FenceOptions,
  type Grant,
  type Hold,
  type HoldRow,
  type ResourceLockOperations,
  type ResourceLockReads,
  type ResourceLockWrites,
  type ResourceLockStorage,
  noRoom,
} from './protocols/resource-lock.ts'
export { type RunOnceOptions, runOnce } from './helpers/run-once.ts'
export type {
  DirtyRow,
  DirtyState,
  SagaOperations,
  SagaReads,
  SagaWrites,
  SagaStorage,
} from './protocols/saga.ts'
export {
  type AsyncOperations,
  conditionalSteps,
  enactCall,
  judgeBatch,
  runAlone,
} from './adapter/async-operations.ts'
export {
  type SyncOperations,
  type SyncWrites,
  conditional,
  conditionFailed,
  runCall,
  runWork,
} from './adapter/sync-operations.ts'
export { type Instant, formatMicros, hostMicros, microsOf, parseInstant } from './rules/time.ts'
export { namespace as checkNamespace } from './rules/namespace.ts'
export { updateSession } from './helpers/update-session.ts'
export { record as checkRecord } from './rules/objects.ts'
export { storeOptions } from './rules/options.ts'
export { compareIds, id as checkId } from './rules/validate.ts'
export { WriteQueue, type WriteQueueOptions } from './adapter/write-queue.ts'
export { type LostGuarantee, explainMix } from './mix/explain-mix.ts'
export { type MixSources, mixStorage } from './mix/mix-storage.ts'
export type { QueueEntry } from './adapter/queue-entry.ts'
export { settleBy } from './adapter/deadline.ts'
export { WriteScheduler, type WriteSchedulerOptions } from './adapter/write-scheduler.ts'
export { CommitQueue, type CommitQueueOptions, type WorkResult } from './adapter/commit-queue.ts'
export { pause } from './adapter/pause.ts'
