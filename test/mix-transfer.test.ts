import { conformanceSuite } from '@dir/storage-conformance/vitest'

// All of the suite cannot hold on a mix: errors name the backend that they come from, and batches stay within one.
conformanceSuite(new URL('mix-backend.ts', import.meta.url), { only: ['transfer'] })
