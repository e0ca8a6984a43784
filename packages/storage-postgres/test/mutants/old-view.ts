import { defineBackend } from '@dir/storage-conformance'
import { postgresStorage } from '../../src/index.ts'
import sound, { url } from '../backend.ts'
import { alteredPool, replacing } from './altered-pool.ts'

export const change: readonly [string, string] = [
  'ISOLATION LEVEL READ COMMITTED',
  'ISOLATION LEVEL REPEATABLE READ',
]
const pool = alteredPool(url, replacing(...change))

export default defineBackend({
  ...sound,
  name: 'a check that sees what was there before the locks were had',
  open: (namespace, options) => postgresStorage({ pool, namespace, ...options }),
})
