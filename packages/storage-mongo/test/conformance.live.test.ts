import { conformanceSuite } from '@dir/storage-conformance/vitest'
import { withServer } from '../../../scripts/servers/live.ts'

withServer('mongo', () => conformanceSuite(new URL('backend.ts', import.meta.url)))
