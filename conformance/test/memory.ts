import memory from '../../packages/storage-memory/test/backend.ts'

/** The sound backend that the suite's own tests go by. */
export { memory }

export const MEMORY_URL: string = new URL('../../packages/storage-memory/test/backend.ts', import.meta.url)
  .href
