import { defineBackend } from '@dir/storage-conformance/backend'
import { postgresStorage } from '../../src/index.ts'
import sound, { url } from '../backend.ts'
import { alteredPool, replacing } from './altered-pool.ts'

// what others commit while the locks are waited for is not looked at: the sums are those from before
const pool = alteredPool(url, (sql) => {
  const early = replacing(
    '-- with a list of locks by work',
    "PERFORM set_config('old.view', coalesce((SELECT jsonb_object_agg(resource_id, micros) FROM resource_totals), '{}')::TEXT, true); --",
  )
  const late = replacing(
    '(SELECT micros FROM resource_totals WHERE resource_id = d->>0)',
    "(current_setting('old.view')::JSONB->>(d->>0))::BIGINT",
  )
  return early(late(sql))
})

export default defineBackend({
  ...sound,
  name: 'a check that sees what was there before the locks were had',
  open: (namespace, options) => postgresStorage({ pool, namespace, ...options }),
})
