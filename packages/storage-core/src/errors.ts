export { cleanCause, type CleanCause } from './errors/cause.ts'
export * from './errors/failures.ts'
export * from './errors/refusals.ts'
export {
  type ErrorContext,
  type Outcome,
  StorageError,
  isStorageError,
  locate,
} from './errors/storage-error.ts'
