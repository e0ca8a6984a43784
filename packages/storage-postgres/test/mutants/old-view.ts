import { defineBackend } from '@dir/storage-conformance'
import { postgresStorage } from '../../src/index.ts'
import sound, { url } from '../backend.ts'
import { alteredPool } from './altered-pool.ts'

// transactions that lock two names and more, and so not those of init, which would fail by themselves
const pool = alteredPool(url, (sql) =>
  /unnest\('\{-?\d+,/.test(sql)
    ? sql.replace('ISOLATION LEVEL READ COMMITTED', 'ISOLATION LEVEL REPEATABLE READ')
    : sql,
)

export default defineBackend({
  ...sound,
  name: 'a check that sees what was there before the locks were had',
  open: (namespace, options) => postgresStorage({ pool, namespace, ...options }),
})
