// For users. What only an adapter needs is in './adapter.ts'.
import './check-node.ts'
export type { WaitPhase } from './errors/attempts.ts'
export type { CleanCause } from './errors/cause.ts'
export * from './errors/failures.ts'
export * from './errors/refusals.ts'
export { type AnyStorageError, type StorageErrorCode, isStorageError } from './errors/is-storage-error.ts'
export { type ErrorContext, type Outcome, StorageError } from './errors/storage-error.ts'
export type { Batch } from './handle/batch.ts'
export type { HandleOptions } from './handle/handle-options.ts'
export type { Health, ImportOptions, ImportSummary, StorageHandle } from './handle/storage-handle.ts'
export { AuditStore } from './helpers/audit-store.ts'
export { idempotencyKey } from './helpers/idempotency-key.ts'
export { type RunOnceOptions, runOnce } from './helpers/run-once.ts'
export { updateSession } from './helpers/update-session.ts'
export { loadsJson } from './json/decode.ts'
export { type PyFloat, dumpsJsonDict, pyFloat } from './json/encode.ts'
export { type LostGuarantee, explainMix } from './mix/explain-mix.ts'
export { type MixSources, mixStorage } from './mix/mix-storage.ts'
export type {
  Agent,
  AgentExport,
  AgentInput,
  AgentRegistryStorage,
  AgentStatus,
} from './protocols/agent-registry.ts'
export type { ContextExport, ContextStorage } from './protocols/context.ts'
export type {
  AuditDetails,
  AuditEvent,
  AuditEventInput,
  DecisionAuditStorage,
  EventExport,
  EventFilter,
} from './protocols/decision-audit.ts'
export type {
  Budget,
  BudgetAnswer,
  BudgetTokenExport,
  EscalationExport,
  EscalationRequest,
  EscalationStorage,
  PendingRequest,
  RequestExport,
} from './protocols/escalation.ts'
export type {
  Claim,
  ClaimOptions,
  IdempotencyExport,
  IdempotencyStorage,
  JsonObject,
} from './protocols/idempotency.ts'
export { PROTOCOLS, type Protocol, type StorageBundle, type StorageRecord } from './protocols/index.ts'
export type { IntentRetryStorage, RetryCountExport } from './protocols/intent-retry.ts'
export type { LifecycleStorage, Transition, TransitionExport } from './protocols/lifecycle.ts'
export type { CountersExport, Exported } from './protocols/record-rules.ts'
export type {
  AcquireOptions,
  FenceOptions,
  Grant,
  Hold,
  HoldExport,
  ResourceLockStorage,
} from './protocols/resource-lock.ts'
export type { DirtyFlowExport, DirtyState, SagaStorage } from './protocols/saga.ts'
export { type ExportedAmount, MAX_AMOUNT } from './rules/amounts.ts'
export { CAPABILITIES, type Capability } from './rules/capabilities.ts'
export type { Instant } from './rules/time.ts'
