import './check-node.ts'
import type { Operations } from './protocols/index.ts'
export type {
  Agent,
  AgentInput,
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
export type { Health, ImportOptions, ImportSummary, StorageHandle } from './handle/storage-handle.ts'
export type { Call, Implementation, SyncImplementation, Work } from './adapter/call.ts'
export type { Page, Transfer } from './protocols/protocol.ts'
export { ATOMIC_CAPABILITIES, CAPABILITIES, type Capability } from './rules/capabilities.ts'
export type { ContextKind, ContextReads, ContextWrites, ContextStorage } from './protocols/context.ts'
export type {
  AuditDetails,
  AuditEvent,
  AuditEventInput,
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
  timeoutMsOf,
} from './adapter/driver.ts'
export * from './errors/index.ts'
export type {
  Budget,
  BudgetAnswer,
  EscalationReads,
  EscalationWrites,
  EscalationRequest,
  EscalationStorage,
  PendingRequest,
  PendingRow,
  Resolution,
} from './protocols/escalation.ts'
export { conditionFailed, importTakenOver, importUnfinished, nextCount, noRoom } from './adapter/refusals.ts'
export { createStorage } from './handle/create-storage.ts'
export type {
  Claim,
  ClaimAnswer,
  ClaimOptions,
  IdempotencyReads,
  IdempotencyWrites,
  IdempotencyStorage,
  JsonObject,
} from './protocols/idempotency.ts'
export { idempotencyKey } from './helpers/idempotency-key.ts'
export {
  type IntentRetryReads,
  type IntentRetryWrites,
  type IntentRetryStorage,
} from './protocols/intent-retry.ts'
export { loadsJson } from './json/decode.ts'
export { type PyFloat, dumpsJsonDict, pyFloat } from './json/encode.ts'
export type { LifecycleReads, LifecycleWrites, LifecycleStorage, Transition } from './protocols/lifecycle.ts'
export {
  CAPABILITY_OF,
  type Operations,
  PROTOCOLS,
  type Protocol,
  type Reads,
  type StorageBundle,
  type StorageRecord,
  type Writes,
} from './protocols/index.ts'
export type { Counters, CountersExport, Exported } from './protocols/record-rules.ts'
export type { AgentExport } from './protocols/agent-registry.ts'
export type { ContextExport } from './protocols/context.ts'
export type { IdempotencyExport } from './protocols/idempotency.ts'
export type { EventExport } from './protocols/decision-audit.ts'
export type { DirtyFlowExport } from './protocols/saga.ts'
export type { HoldExport } from './protocols/resource-lock.ts'
export type { RetryCountExport } from './protocols/intent-retry.ts'
export type { BudgetTokenExport, EscalationExport, RequestExport } from './protocols/escalation.ts'
export type { TransitionExport } from './protocols/lifecycle.ts'
export {
  type AcquireOptions,
  type AcquireRequest,
  type Demand,
  type FenceOptions,
  type Grant,
  type Hold,
  type HoldRow,
  type ResourceLockReads,
  type ResourceLockWrites,
  type ResourceLockStorage,
} from './protocols/resource-lock.ts'
export { type RunOnceOptions, runOnce } from './helpers/run-once.ts'
export type { DirtyRow, DirtyState, SagaReads, SagaWrites, SagaStorage } from './protocols/saga.ts'
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

export type AgentRegistryOperations = Operations['agentRegistry']
export type ContextOperations = Operations['context']
export type IdempotencyOperations = Operations['idempotency']
export type DecisionAuditOperations = Operations['decisionAudit']
export type SagaOperations = Operations['saga']
export type ResourceLockOperations = Operations['resourceLock']
export type IntentRetryOperations = Operations['intentRetry']
export type EscalationOperations = Operations['escalation']
export type LifecycleOperations = Operations['lifecycle']
