export * from './failures.ts'
export * from './refusals.ts'
export * from './storage-error.ts'
