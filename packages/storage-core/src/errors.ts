export * from './errors/failures.ts'
export * from './errors/refusals.ts'
export * from './errors/storage-error.ts'
