// For users. What only an adapter needs is in './adapter.ts'.
import './check-node.ts'
export type { WaitPhase } from './errors/attempts.ts'
export type { CleanCause } from './errors/cause.ts'
export { CHANNELS, type CallMessage, type CommitMessage, type WaitMessage } from './adapter/messages.ts'
export * from './errors/failures.ts'
export * from './errors/refusals.ts'
export { type AnyStorageError, type StorageErrorCode, isStorageError } from './errors/is-storage-error.ts'
export { type ErrorContext, type Outcome, StorageError } from './errors/storage-error.ts'
export type { AnswersOf, Batch, Recorded } from './handle/batch.ts'
export type { HandleOptions } from './handle/handle-options.ts'
export type { PerProtocol, PruneOptions, PruneSummary } from './handle/prune-options.ts'
export type {
  CloseOptions,
  Health,
  ImportOptions,
  ImportSummary,
  JoinedStorage,
  StorageHandle,
} from './handle/storage-handle.ts'
export { AuditStore } from './helpers/audit-store.ts'
export { idempotencyKey } from './helpers/idempotency-key.ts'
export { type EffectResult, type RunOnceOptions, runOnce } from './helpers/run-once.ts'
export { type SessionSchema, type TypedContext, typedContext } from './helpers/typed-context.ts'
export { updateSession } from './helpers/update-session.ts'
export { loadsJson } from './json/decode.ts'
export { type PyFloat, dumpsJsonDict, pyFloat } from './json/encode.ts'
export { type LostGuarantee, explainMix } from './mix/explain-mix.ts'
export { type MixSources, mixStorage } from './mix/mix-storage.ts'
export type {
  Agent,
  AgentExport,
  AgentFilter,
  AgentInput,
  AgentRegistryStorage,
  AgentStatus,
  StoredAgent,
} from './protocols/agent-registry.ts'
export type {
  Claim,
  ClaimOptions,
  JsonObject,
  UnfinishedClaim,
  UnfinishedFilter,
  UnfinishedState,
} from './protocols/claims.ts'
export type { ContextExport, ContextStorage } from './protocols/context.ts'
export type { AuditEvent, EventFilter } from './protocols/audit-events.ts'
export type {
  AuditDetails,
  AuditEventInput,
  DecisionAuditStorage,
  EventExport,
} from './protocols/decision-audit.ts'
export type { Budget, BudgetAnswer, BudgetTokenExport } from './protocols/budget.ts'
export type { EscalationExport, EscalationStorage } from './protocols/escalation.ts'
export type {
  EscalationRequest,
  PendingRequest,
  RequestExport,
  RequestFilter,
  RequestStatus,
  StoredRequest,
} from './protocols/escalation-requests.ts'
export type { IdempotencyExport, IdempotencyStorage } from './protocols/idempotency.ts'
export { CANONICAL_ORDER } from './protocols/canonical-order.ts'
export type { Hold, HoldExport, HoldFilter } from './protocols/holds.ts'
export { PROTOCOLS, type Protocol, type StorageBundle, type StorageRecord } from './protocols/index.ts'
export type { IntentRetryStorage, RetryCountExport } from './protocols/intent-retry.ts'
export type { FlowFilter, FlowStatus } from './protocols/lifecycle-flows.ts'
export type { LifecycleStorage, Transition, TransitionExport } from './protocols/lifecycle.ts'
export type { CountersExport, Exported } from './protocols/record-rules.ts'
export type { AcquireOptions, FenceOptions, Grant, ResourceLockStorage } from './protocols/resource-lock.ts'
export type {
  DirtyFlow,
  DirtyFlowExport,
  DirtyFlowFilter,
  DirtyState,
  SagaStorage,
} from './protocols/saga.ts'
export { type ExportedAmount, MAX_AMOUNT } from './rules/amounts.ts'
export { CAPABILITIES, type Capability } from './rules/capabilities.ts'
export type { Numbers } from './rules/stored.ts'
export type { EffectSignal } from './rules/signal.ts'
export type { Instant } from './rules/time.ts'
