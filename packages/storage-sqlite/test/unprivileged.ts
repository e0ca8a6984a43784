// A process of its own for errors.test.ts: gives up root's rights (any other user keeps its own), then reads and writes the store at the path given.
import BetterSqlite3 from 'better-sqlite3'
import { sqliteStorage } from '../src/index.ts'

new BetterSqlite3(':memory:').close() // loads the driver, which may lie where others may not come
if (process.getuid?.() === 0) {
  process.setgid?.(65_534)
  process.setuid?.(65_534)
}

interface Failure {
  readonly code: string
  readonly outcome: string
  readonly retryable: boolean
}

const storage = sqliteStorage(process.argv[2] ?? '')
const told = ({ code, outcome, retryable }: Failure): unknown => ({ code, outcome, retryable })
const session = await storage.context.getSession('f').catch(told)
const write = await storage.context.setSession('f', '{}').catch(told)
await storage.close()
console.log(JSON.stringify({ session, write }))
