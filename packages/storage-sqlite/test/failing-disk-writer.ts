// A process of its own for failing-disk.test.ts: writes three records at a time to the store at the path given, and
// prints for each what it was told.
import { isStorageError } from '@dir/storage-core'
import { sqliteStorage } from '../src/index.ts'

const [path = '', rounds] = process.argv.slice(2)
const storage = sqliteStorage({ path, init: false, operationTimeoutMs: 2_000 })
await storage.init()

for (let round = 0; round < Number(rounds); round++) {
  const id = (kind: string): string => `${kind}-${round}`
  const large = JSON.stringify('x'.repeat(5_000))
  const writes: [string, Promise<unknown>][] = [
    [id('event'), storage.decisionAudit.record(id('event'), 'E')],
    [id('session'), storage.context.setSession(id('session'), large)],
    [id('dirty'), storage.saga.markDirty(id('dirty'), 's', large)],
  ]
  for (const [name, write] of writes) {
    const told = await write.then(
      () => ['ok', 'applied', ''],
      (error: unknown) => {
        if (!isStorageError(error)) throw error
        return [error.code, error.outcome, error.operation]
      },
    )
    console.log(JSON.stringify([name, ...told]))
  }
}
await storage.close()
