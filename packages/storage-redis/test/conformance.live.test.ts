import { conformanceSuite } from '@dir/storage-conformance/vitest'
import { withServer } from '../../../scripts/servers/live.ts'

withServer('redis', () => conformanceSuite(new URL('backend.ts', import.meta.url)))
