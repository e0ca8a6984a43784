export { cleanCause, type CleanCause } from './errors/cause.ts'
export * from './errors/failures.ts'
export * from './errors/refusals.ts'
export * from './errors/storage-error.ts'
