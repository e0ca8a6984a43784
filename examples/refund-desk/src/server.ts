// The desk's process: `PAYMENTS_URL=… DATABASE=… node server.ts`. What it tells its parent, if it has one, is for the day.
import { once } from 'node:events'
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { env } from 'node:process'
import { Desk } from './desk.ts'
import { openDatabase } from './open-database.ts'
import { Payments } from './payments.ts'
import { answer, failed } from './routes.ts'

const database = await openDatabase(env['DATABASE'] ?? 'refunds.sqlite')
const desk = new Desk(database, new Payments(env['PAYMENTS_URL'] ?? 'http://localhost:8081'), failed)
await desk.register()

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { status, body } = await answer(desk, request).catch(failed)
  response.shouldKeepAlive = server.listening
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
const server = createServer((request, response) => void serve(request, response))
server.listen(Number(env['PORT'] ?? 0), '127.0.0.1')
await once(server, 'listening')
process.send?.({ port: (server.address() as AddressInfo).port })

/** Payouts under way are finished, and their results stored. The rest is refused: the next process takes it up. */
async function close(): Promise<void> {
  if (!server.listening) return
  const answered = once(server, 'close')
  server.close()
  if (process.connected) process.send?.({ closing: true })
  await database.storage.close({ drainMs: 20_000 })
  await Promise.all([answered, desk.idle()])
  await database.close()
  process.channel?.unref()
}
process.once('SIGTERM', () => void close())
process.once('disconnect', () => void close()) // a desk of the day does not outlive it

// what an earlier process left, however that ended
await desk.takeUp('ASKED', 'APPROVED', 'RESERVED')
if (process.connected) process.send?.({ tookUp: true })
