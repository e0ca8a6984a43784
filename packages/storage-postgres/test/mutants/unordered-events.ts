import { defineBackend } from '@dir/storage-conformance'
import { postgresStorage } from '../../src/index.ts'
import sound, { url } from '../backend.ts'
import { alteredPool, replacing } from './altered-pool.ts'

const unlocked = replacing('FROM pg_advisory_xact_lock($1)', 'FROM (SELECT $1::BIGINT) AS nothing')
// between taking a number and committing it, another writer gets the time to do both
const slow = replacing('RETURNING seq', 'RETURNING seq, pg_sleep(0.02 * random())')

const pool = alteredPool(url, (sql) => slow(unlocked(sql)))

export default defineBackend({
  ...sound,
  name: 'events whose numbers do not rise in the order of commits',
  open: (namespace, options) => postgresStorage({ pool, namespace, ...options }),
})
