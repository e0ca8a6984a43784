// Stands for a payment service: a process of its own, with a ledger that is on the disk before it answers.
// `node payment-service.ts LEDGER PLAN`, where the plan says how often it declines a reference.
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { once } from 'node:events'
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'

interface Order {
  readonly reference: string
  readonly pence: number
}

const [ledger = 'ledger.jsonl', plan = '{}'] = process.argv.slice(2)
const declines = new Map<string, number>(Object.entries(JSON.parse(plan) as Record<string, number>))
const lines = existsSync(ledger) ? readFileSync(ledger, 'utf8').split('\n').slice(0, -1) : []
const paid = new Map(lines.map((line) => JSON.parse(line)).map((payment) => [payment.key, payment]))
/** How often it was asked to pay, by reference. */
const asked: Record<string, number> = {}
/** References whose answers are held back, until they may go. */
const held = new Map<string, PromiseWithResolvers<void>>()

/** The reference whose next answer is lost on its way. */
let lost: string | undefined

process.on('message', ({ hold, release, lose }: { hold?: string; release?: string; lose?: string }) => {
  if (hold !== undefined) held.set(hold, Promise.withResolvers())
  if (lose !== undefined) lost = lose
  if (release !== undefined) {
    held.get(release)?.resolve()
    held.delete(release)
  }
  process.send?.({ done: true })
})
process.once('disconnect', () => process.exit())

/** Once per key: whoever asks again is told what was paid then. */
function pay(key: string, { reference, pence }: Order): object {
  asked[reference] = (asked[reference] ?? 0) + 1
  const before = paid.get(key)
  if (before !== undefined) return before
  const left = declines.get(reference) ?? 0
  declines.set(reference, left - 1)
  if (left > 0) return { declined: 'the account does not take it now' }
  const payment = { key, paymentId: `P-${paid.size + 1}`, reference, pence }
  appendFileSync(ledger, `${JSON.stringify(payment)}\n`, { flush: true })
  paid.set(key, payment)
  return payment
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [, what, key = ''] = (request.url ?? '').split('/')
  const say = (status: number, body: unknown) => response.writeHead(status).end(JSON.stringify(body))
  if (request.method === 'GET') {
    if (what === 'asked') return void say(200, asked)
    if (key === '') return void say(200, [...paid.values()])
    const payment = paid.get(key)
    return void (payment === undefined ? say(404, {}) : say(200, payment))
  }
  const order = (await json(request)) as Order
  const body = pay(key, order)
  const wait = held.get(order.reference)
  if (wait !== undefined) {
    process.send?.({ held: order.reference })
    await wait.promise
  }
  if (lost === order.reference) {
    lost = undefined
    return void response.destroy()
  }
  say('declined' in body ? 402 : 200, body)
}
const server = createServer((request, response) => void serve(request, response))
server.listen(0, '127.0.0.1')
await once(server, 'listening')
process.send?.({ port: (server.address() as AddressInfo).port })
