import { defineBackend } from '@dir/storage-conformance'
import { postgresStorage } from '../../src/index.ts'
import sound, { url } from '../backend.ts'
import { alteredPool, replacing } from './altered-pool.ts'

const pool = alteredPool(
  url,
  replacing('FROM pg_advisory_xact_lock($1)', 'FROM (SELECT $1::BIGINT) AS nothing'),
)

export default defineBackend({
  ...sound,
  name: 'events whose numbers do not rise in the order of commits',
  open: (namespace, options) => postgresStorage({ pool, namespace, ...options }),
})
