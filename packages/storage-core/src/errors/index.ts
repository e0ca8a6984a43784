export { cleanCause, type CleanCause } from './cause.ts'
export * from './failures.ts'
export * from './refusals.ts'
export { type ErrorContext, type Outcome, StorageError, isStorageError, locate } from './storage-error.ts'
