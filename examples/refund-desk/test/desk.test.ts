import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { idempotencyKey } from '@dir/storage-core'
import { expect, onTestFinished, test, vi } from 'vitest'
import { Desk } from '../src/desk.ts'
import { openDatabase } from '../src/open-database.ts'
import { Payments } from '../src/payments.ts'
import { Process } from '../src/process.ts'
import type { Request } from '../src/refund.ts'

async function start() {
  const folder = await mkdtemp(path.join(tmpdir(), 'refund-desk-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const service = new Process('./payment-service.ts', [path.join(folder, 'ledger.jsonl')])
  onTestFinished(async () => void (await service.end('SIGKILL')))
  const url = `http://127.0.0.1:${await service.told('port')}`
  const file = path.join(folder, 'refunds.sqlite')
  const database = await openDatabase(file)
  const payments = new Payments(url)
  const desk = new Desk(database, payments, () => {})
  onTestFinished(async () => {
    await database.storage.close()
    await desk.idle()
    await database.close()
  })
  await desk.register()
  return { service, payments, desk, database, env: { DATABASE: file, PAYMENTS_URL: url } }
}

const request = (id: string, unitPence: number): Request => {
  return { id, reason: 'broken', lines: [{ quantity: 2, unitPence }] }
}

test('what waits for cash is paid as soon as there is some', async () => {
  const { service, desk } = await start()
  service.tell({ hold: 'C1' })
  await service.told('done')
  const first = desk.ask(request('C1', 50_00))
  await service.told('held')
  await desk.ask(request('C2', 80_00))
  const decided = await desk.decide('C2', { decision: 'APPROVED', by: 'head-of-service' })
  expect(decided?.status).toBe('APPROVED')
  service.tell({ release: 'C1' })
  expect((await first)?.status).toBe('PAID')
  await vi.waitFor(async () => expect((await desk.find('C2'))?.status).toBe('PAID'), 60_000)
})

test('the first request of an id stands, and so does the first decision', async () => {
  const { desk } = await start()
  await desk.ask(request('C1', 80_00))
  const asked = await desk.ask(request('C1', 1))
  expect([asked?.pence, asked?.status]).toEqual([160_00, 'ESCALATED'])
  const refused = await desk.decide('C1', { decision: 'REFUSED', by: 'head-of-service' })
  expect(refused?.status).toBe('REFUSED')
  expect(await desk.decide('C1', { decision: 'APPROVED', by: 'another' })).toEqual(refused)
})

test('an answer that is lost is asked for again, and nothing is paid twice', async () => {
  const { service, payments, desk } = await start()
  service.tell({ lose: 'C1' })
  await service.told('done')
  await expect(desk.ask(request('C1', 1_00))).rejects.toThrow('fetch failed')
  expect((await desk.find('C1'))?.status).toBe('RESERVED')
  const paid = await desk.ask(request('C1', 1_00))
  expect([paid?.status, paid?.payment_id]).toEqual(['PAID', 'P-1'])
  expect(await payments.all()).toHaveLength(1)
})

test('a payout that died before the service heard of it runs again', async () => {
  const { payments, desk, database } = await start()
  const { storage } = database
  const key = idempotencyKey('C1', 'pay', { pence: 2_00 })
  await storage.idempotency.claim(key, { leaseSec: 0.001 })
  expect((await desk.ask(request('C1', 1_00)))?.status).toBe('PAID')
  const settled = await Array.fromAsync(storage.decisionAudit.events({ event: 'SETTLED' }))
  expect(settled.map(({ dfid, details }) => [dfid, details])).toEqual([['C1', { wasPaid: false }]])
  expect(await payments.all()).toHaveLength(1)
})

test('a hold that has ended is taken again before anything is paid', async () => {
  const { desk, database } = await start()
  await database.storage.resourceLock.acquire('others', { cash: 250_00 }, 1)
  await desk.ask(request('C1', 1_00))
  await database.storage.resourceLock.release('others')
  await database.storage.lifecycle.transition('C1', 'APPROVED', 'RESERVED')
  await database.query(`UPDATE refunds SET status = 'RESERVED' WHERE id = 'C1'`)
  await desk.takeUp('RESERVED')
  const { storage } = database
  expect((await storage.lifecycle.getTransitions('C1')).map(({ toStatus }) => toStatus)).toEqual([
    'ASKED',
    'APPROVED',
    'RESERVED',
    'APPROVED',
    'RESERVED',
    'PAID',
  ])
})

test('what is not a request is refused, and what there is not is not found', async () => {
  const { env } = await start()
  const server = new Process('./server.ts', [], env)
  onTestFinished(async () => void (await server.end('SIGTERM')))
  const url = `http://127.0.0.1:${await server.told('port')}`
  const post = (body: string) => fetch(`${url}/refunds`, { method: 'POST', body })
  const noLines = JSON.stringify({ ...request('C1', 1), lines: [] })
  const odd = await fetch(`${url}/refunds/%`)
  const answers = [
    await post('{'),
    await post(noLines),
    odd,
    await fetch(`${url}/refunds/C9`),
    await fetch(url),
  ]
  expect(answers.map(({ status }) => status)).toEqual([400, 400, 400, 404, 404])
})
