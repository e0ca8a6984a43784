import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import {
  type AuditHead,
  type AuditReport,
  type InclusionProof,
  type SealedFields,
  checkProof,
} from '@dir/storage-core/seals'
import { sqliteStorage } from '@dir/storage-sqlite'
import BetterSqlite3 from 'better-sqlite3'
import { beforeEach, expect, test } from 'vitest'
import { dirStorage, folder } from './command.ts'

let place: string
let store: readonly string[]
const file = (name: string): string => path.join(place, name)

beforeEach(async () => {
  place = folder()
  store = ['--store', `sqlite:${file('store.sqlite')}`]
  await using storage = sqliteStorage(file('store.sqlite'))
  for (const event of ['PROPOSED', 'APPROVED', 'PAID'])
    await storage.decisionAudit.record('trade-4711', event, { details: { cash: 250 } })
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  writeFileSync(file('private.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }))
  writeFileSync(file('public.pem'), publicKey.export({ type: 'spki', format: 'pem' }))
  writeFileSync(file('secret'), 'a secret that is long enough\n')
})

async function seal(key: string, to: string): Promise<AuditHead> {
  const { code, stdout } = await dirStorage('seal', '--key', file(key), '--json', ...store)
  expect(code).toBe(0)
  writeFileSync(file(to), stdout)
  return JSON.parse(stdout) as AuditHead
}

test.each([
  ['private.pem', 'public.pem'],
  ['secret', 'secret'],
])('a log that was sealed by %s is as it was sealed, until somebody changes it', async (own, others) => {
  await seal(own, 'head.json')
  const verify = ['verify-log', '--key', file(others), '--head', file('head.json'), ...store]
  const fine = await dirStorage(...verify)
  expect([fine.code, fine.stderr]).toEqual([0, ''])
  expect(fine.stdout).toMatch(/^The log is as it was sealed\.\nevents 6, sealed 4 \(of which pruned 0\), /)

  const db = new BetterSqlite3(file('store.sqlite'))
  db.exec("UPDATE decision_audit_events SET event = 'REFUSED' WHERE id = 2")
  db.close()
  const changed = await dirStorage(...verify)
  expect(changed.stdout).toMatch(/^Event 2 is not what was sealed\.\n/)
  expect(changed.code).toBe(1)
  const json = await dirStorage(...verify, '--json')
  const { ok, problem } = JSON.parse(json.stdout) as AuditReport
  expect([ok, problem?.kind, problem?.seq]).toEqual([false, 'changed', 2])
})

test('a log without a seal says so', async () => {
  const { code, stdout } = await dirStorage('verify-log', ...store)
  expect(stdout).toContain('The log has no seal')
  expect(code).toBe(0)
})

test('what it proves is checked without the store', async () => {
  const older = await seal('secret', 'older.json')
  await seal('secret', 'head.json')
  const shown = await dirStorage('prove', '--event', '2', '--head', file('head.json'), ...store)
  const { event, head, proof } = JSON.parse(shown.stdout) as {
    event: SealedFields
    head: AuditHead
    proof: InclusionProof
  }
  expect([event.seq, event.event]).toEqual([2, 'APPROVED'])
  expect(checkProof(proof, head, event)).toBe(true)
  expect(checkProof(proof, head, { ...event, event: 'REFUSED' })).toBe(false)

  const both = await dirStorage('prove', '--from', file('older.json'), '--head', file('head.json'), ...store)
  const told = JSON.parse(both.stdout)
  expect(checkProof(told.proof, older, told.head)).toBe(true)
})

test.each([
  ['neither an event nor a head', [], 'Name either --event or --from.'],
  ['a head that is none', ['--event', '1'], 'is no head: keep what seal --json prints'],
])('to prove %s is refused', async (_, args, message) => {
  writeFileSync(file('head.json'), 'nothing')
  const { code, stderr } = await dirStorage('prove', ...args, '--head', file('head.json'), ...store)
  expect(stderr).toContain(message)
  expect(code).toBe(2)
})

test('a file that is not there is named', async () => {
  const { code, stderr } = await dirStorage('seal', '--key', file('nowhere'), ...store)
  expect(stderr).toContain(`${file('nowhere')} cannot be read [ENOENT]`)
  expect(code).toBe(3)
})
