import { defineBackend } from '@dir/storage-conformance/backend'
import { postgresStorage } from '../../src/index.ts'
import sound, { url } from '../backend.ts'
import { alteredPool, replacing } from './altered-pool.ts'

const unlocked = replacing("IF (settings->>'appends')::BOOLEAN THEN", 'IF false THEN')
// between taking a number and committing it, another writer gets the time to do both
const slow = replacing(
  "nextval('audit_seq') AS seq",
  "nextval('audit_seq') AS seq, pg_sleep(0.02 * random()) AS slept",
)

const pool = alteredPool(url, (sql) => slow(unlocked(sql)))

export default defineBackend({
  ...sound,
  name: 'events whose numbers do not rise in the order of commits',
  open: (namespace, options) => postgresStorage({ pool, namespace, ...options }),
})
