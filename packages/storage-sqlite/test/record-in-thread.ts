// A thread of its own for files-beside.test.ts: records an event, and tells the answer or the error's code.
import { parentPort, workerData } from 'node:worker_threads'
import { isStorageError } from '@dir/storage-core'
import { sqliteStorage } from '../src/index.ts'

const storage = sqliteStorage(String(workerData))
const answer = await storage.decisionAudit
  .record('f', 'of a thread')
  .catch((error: unknown) => (isStorageError(error) ? error.code : String(error)))
await storage.close()
parentPort?.postMessage(answer)
