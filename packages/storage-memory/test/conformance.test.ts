import { conformanceSuite } from '@dir/storage-conformance/vitest'

conformanceSuite(new URL('backend.ts', import.meta.url))
