import { defineBackend } from '@dir/storage-conformance/backend'
import { postgresStorage } from '../../src/index.ts'
import sound, { url } from '../backend.ts'
import { alteredPool, replacing } from './altered-pool.ts'

const pool = alteredPool(url, replacing('pg_advisory_xact_lock(one)', '(one)'))

export default defineBackend({
  ...sound,
  name: 'locks that nobody takes',
  open: (namespace, options) => postgresStorage({ pool, namespace, ...options }),
})
