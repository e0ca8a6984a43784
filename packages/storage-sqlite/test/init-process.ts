// A process of its own for processes.test.ts: opens each store that it is told, writes one event, and answers.
import { sqliteStorage } from '../src/index.ts'

interface Told {
  readonly path: string
  readonly journalMode: 'wal' | 'delete'
}

process.on('message', (told: Told) => {
  void open(told).then((answer) => process.send?.(answer))
})
process.send?.('started')

async function open(told: Told): Promise<string> {
  try {
    await using storage = sqliteStorage({ ...told, operationTimeoutMs: 30_000 })
    await storage.init()
    await storage.decisionAudit.record('f', 'INIT')
    return 'ready'
  } catch (error) {
    return String(error)
  }
}
