// A process of its own for processes.test.ts: eight callers write batches without end, and say what they sent and
// what was acknowledged, until the process is killed.
import { writeSync } from 'node:fs'
import { sqliteStorage } from '../src/index.ts'

const [path = '', round = ''] = process.argv.slice(2)
const storage = sqliteStorage(path)

async function caller(number: number): Promise<never> {
  for (let count = 0; ; count++) {
    const name = `${round}-${number}-${count}`
    writeSync(1, `SENT ${name}\n`)
    await storage.atomically((batch) => {
      batch.decisionAudit.record(name, 'E')
      batch.context.setSession(name, JSON.stringify(name))
      batch.resourceLock.acquire(name, { a: 1, b: 2 }, 5)
      batch.lifecycle.transition(name, null, 'DONE')
    })
    writeSync(1, `ACK ${name}\n`)
  }
}

await Promise.all(Array.from({ length: 8 }, (_, number) => caller(number)))
