// A process of its own for files-beside.test.ts: increments a count so many times, copying the store meanwhile if it is
// told to, and prints how many increments were acknowledged and what the others were told.
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { isStorageError } from '@dir/storage-core'
import { sqliteStorage } from '../src/index.ts'

const [path = '', count, copies] = process.argv.slice(2)
const storage = sqliteStorage({ path, operationTimeoutMs: 20_000 })
let acknowledged = 0
const errors: string[] = []
let over = false

/** Not by `copyFile` or `cp`, which never end where a log is cut off while they copy it. */
async function copy(): Promise<void> {
  const [from, to] = [dirname(path), `${dirname(path)}-copy`]
  await mkdir(to, { recursive: true })
  for (const name of copies === 'file' ? [basename(path)] : await readdir(from)) {
    const bytes = await readFile(join(from, name)).catch(() => '') // a journal may vanish
    await writeFile(join(to, name), bytes)
  }
}

const copying = (async () => {
  while (!over && copies !== 'nothing') await copy()
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
