// A process of its own for files-beside.test.ts: opens the store at the path given, prints its events, and closes it.
import { sqliteStorage } from '../src/index.ts'

await using storage = sqliteStorage(process.argv[2] ?? '')
console.log(JSON.stringify((await storage.decisionAudit.allEventsChronological()).map(({ event }) => event)))
