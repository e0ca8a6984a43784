// A process of its own for files-beside.test.ts: increments a count so many times, copying the store meanwhile if it is
// told to, and prints how many increments were acknowledged and what the others were told.
import { copyFile, cp } from 'node:fs/promises'
import { dirname } from 'node:path'
import { isStorageError } from '@dir/storage-core'
import { sqliteStorage } from '../src/index.ts'

const [path = '', count, copies] = process.argv.slice(2)
const storage = sqliteStorage({ path, operationTimeoutMs: 20_000 })
let acknowledged = 0
const errors: string[] = []
let over = false

const copying = (async () => {
  for (let n = 0; !over && copies !== 'nothing'; n++) {
    if (copies === 'file') await copyFile(path, `${dirname(path)}.copy`)
    else await cp(dirname(path), `${dirname(path)}-copy`, { recursive: true }).catch(() => {}) // a journal may vanish
  }
})()
for (let n = 0; n < Number(count); n++)
  await storage.intentRetry.increment('f').then(
    () => acknowledged++,
    (error: unknown) => errors.push(isStorageError(error) ? `${error.code} ${error.outcome}` : String(error)),
  )
over = true
await copying
await storage.close()
console.log(JSON.stringify({ acknowledged, errors }))
