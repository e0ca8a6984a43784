import { generateKeyPairSync } from 'node:crypto'
import { memoryStorage } from '@dir/storage-memory'
import { sqliteStorage } from '@dir/storage-sqlite'
import { describe, expect, test } from 'vitest'
import type { AuditEvent, EventFilter, StorageHandle } from '../src/index.ts'
import { type AuditHead, type WithAudit, sealAudit, verifyAudit } from '../src/seals.ts'
import { failureOf } from '../../../scripts/servers/failure.ts'
import { expectInvalid, intact, problemOf } from './seal-reports.ts'

const KEY = 'the secret of these tests'
const SEALS = 'dir:audit-seals'

const STORES = [
  ['memory', () => memoryStorage()],
  ['sqlite', () => sqliteStorage(':memory:')],
] as const

async function record({ decisionAudit }: StorageHandle, count: number): Promise<number[]> {
  const events = Array.from({ length: count }, (_, n) => ({
    dfid: `flow ${n % 5}`,
    event: 'E',
    details: { n },
  }))
  return decisionAudit.recordMany(events)
}

const seals = ({ decisionAudit }: StorageHandle): Promise<AuditEvent[]> => decisionAudit.eventsForDfid(SEALS)

describe.each(STORES)('%s', (_, open) => {
  test('a log that was sealed is as it was, and what came later is not judged', async () => {
    await using storage = open()
    await record(storage, 10)
    const head = await sealAudit(storage)
    // the first seal is of nothing, and an event like others to the next
    expect(head).toEqual({ seq: 13, size: 11, lastSeq: 11, root: expect.stringMatching(/^[0-9a-f]{64}$/) })
    await record(storage, 2)
    expect(await verifyAudit(storage, { head })).toEqual({
      ok: true,
      problem: null,
      events: 15,
      sealed: 11,
      unsealed: 4,
      pruned: 0,
      head,
    })
  })

  test('a log in which nothing is new is not sealed again, nor is an empty one', async () => {
    await using storage = open()
    const empty = await sealAudit(storage)
    expect([empty.size, (await seals(storage)).length]).toEqual([0, 1])
    expect(await sealAudit(storage)).toEqual(empty)
    await record(storage, 3)
    const head = await sealAudit(storage)
    expect(await sealAudit(storage)).toEqual(head)
    expect((await seals(storage)).map(({ event }) => event)).toEqual(['SEAL', 'LEAVES', 'SEAL'])
  })

  test('many events are sealed in steps, and all of it counts', async () => {
    await using storage = open()
    await record(storage, 23_000)
    const head = await sealAudit(storage, { key: KEY })
    expect(await sealAudit(storage, { key: KEY })).toEqual(head)
    const report = await verifyAudit(storage, { key: KEY, head })
    expect(report).toEqual(await intact(storage, head))
    // only the last seal and its leaves are left
    expect(report.unsealed).toBe(2)
    expect(report.sealed).toBeGreaterThan(23_000)
  })
})

test('a log that was never sealed has nothing to judge', async () => {
  await using storage = memoryStorage()
  await record(storage, 4)
  const nothing = { ok: true, problem: null, events: 4, sealed: 0, unsealed: 4, pruned: 0, head: null }
  expect(await verifyAudit(storage, { key: KEY })).toEqual(nothing)
  expect((await seals(storage)).length).toBe(0)
})

test('what is new is sealed without reading what is old', async () => {
  await using storage = memoryStorage()
  await record(storage, 5_000)
  await sealAudit(storage)
  await record(storage, 10)
  let [seqs, asked]: [number[], EventFilter[]] = [[], []]
  const watched: WithAudit = {
    decisionAudit: {
      recordMany: (events) => storage.decisionAudit.recordMany(events),
      async *events(filter = {}) {
        asked.push(filter)
        for await (const event of storage.decisionAudit.events(filter)) {
          seqs.push(event.seq)
          yield event
        }
      },
    },
  }
  const { lastSeq } = await sealAudit(watched)
  expect(lastSeq).toBeGreaterThan(5_010)
  expect(Math.min(...seqs)).toBeGreaterThan(5_000)
  expect(asked.length).toBeLessThan(10)
  ;[seqs, asked] = [[], []]
  await sealAudit(watched)
  expect(seqs.length).toBeLessThan(5)
})

describe('keys', () => {
  const pair = generateKeyPairSync('ed25519')
  const other = generateKeyPairSync('ed25519')

  test('a secret signs and verifies, and so do a private key and its public one', async () => {
    for (const [sealing, verifying] of [
      [KEY, KEY],
      [Buffer.from(KEY), KEY],
      [pair.privateKey, pair.publicKey],
      [pair.privateKey, pair.privateKey],
    ] as const) {
      await using storage = memoryStorage()
      await record(storage, 3)
      await sealAudit(storage, { key: sealing })
      await record(storage, 3)
      const report = await intact(storage, await sealAudit(storage, { key: sealing }))
      expect(await verifyAudit(storage, { key: verifying })).toEqual(report)
      expect(await verifyAudit(storage)).toEqual(report)
    }
  })

  test('another key is told from another tree, and no signature from a wrong one', async () => {
    await using signed = memoryStorage()
    await using unsigned = memoryStorage()
    for (const storage of [signed, unsigned]) await record(storage, 3)
    await sealAudit(signed, { key: pair.privateKey })
    await sealAudit(unsigned)
    for (const key of [other.publicKey, KEY])
      expect(problemOf(await verifyAudit(signed, { key }))).toEqual(['signature', 4])
    expect((await verifyAudit(unsigned, { key: KEY })).problem).toEqual({
      kind: 'unsigned',
      seq: 4,
      message: 'Event 4 is a seal without a signature.',
    })
  })

  test('another secret is told from the one that signed', async () => {
    await using storage = memoryStorage()
    await record(storage, 3)
    await sealAudit(storage, { key: KEY })
    expect(problemOf(await verifyAudit(storage, { key: `${KEY}!` }))).toEqual(['signature', 4])
  })

  test('a log goes on with the key that it began with', async () => {
    await using storage = memoryStorage()
    await sealAudit(storage, { key: pair.privateKey })
    await record(storage, 3)
    const before = await seals(storage)
    for (const options of [{}, { key: KEY }, { key: other.privateKey }])
      expect(await failureOf(sealAudit(storage, options), 'argument', 'reason')).toEqual({
        code: 'STORAGE_INVALID_ARGUMENT',
        outcome: 'not-applied',
        retryable: false,
        argument: 'key',
        reason: expect.stringContaining('seq 1'),
      })
    expect(await seals(storage)).toEqual(before)
  })

  test('what is no key is refused before anything is read', async () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 })
    const pem = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString()
    const nobody = {
      decisionAudit: { events: unexpected, recordMany: unexpected },
    } as unknown as StorageHandle
    for (const key of ['', 'too short', pem, 7, null, {}, rsa.privateKey, Buffer.alloc(3)] as never[]) {
      await expectInvalid(sealAudit(nobody, { key }), 'key')
      await expectInvalid(verifyAudit(nobody, { key }), 'key')
    }
    await expectInvalid(sealAudit(nobody, { key: pair.publicKey }), 'key')
  })
})

function unexpected(): never {
  throw new Error('the store was asked')
}

test('other arguments that are wrong are refused', async () => {
  await using storage = memoryStorage()
  const head: AuditHead = { seq: 3, size: 2, lastSeq: 2, root: 'a'.repeat(64) }
  for (const [argument, refused] of [
    ['storage', sealAudit({} as never)],
    ['storage', verifyAudit(null as never)],
    ['options', sealAudit(storage, { keys: KEY } as never)],
    ['root', verifyAudit(storage, { head: { ...head, root: 'A'.repeat(64) } })],
    ['size', verifyAudit(storage, { head: { ...head, size: -1 } })],
    ['head', verifyAudit(storage, { head: 'head' as never })],
    ['signal', verifyAudit(storage, { signal: {} as never })],
  ] as const)
    await expectInvalid(refused, argument)
})

test('a signal ends a verification', async () => {
  await using storage = memoryStorage()
  await record(storage, 2_000)
  await sealAudit(storage)
  const reason = new Error('enough')
  await expect(verifyAudit(storage, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  const controller = new AbortController()
  const verified = verifyAudit(storage, { signal: controller.signal })
  controller.abort(reason)
  await expect(verified).rejects.toBe(reason)
})

test('those who seal at once, while others write, make one chain', async () => {
  await using storage = memoryStorage()
  await record(storage, 100)
  const heads: AuditHead[] = []
  const sealing = async (): Promise<void> => {
    for (let n = 0; n < 8; n++) heads.push(await sealAudit(storage, { key: KEY }))
  }
  const writing = async (): Promise<void> => {
    for (let n = 0; n < 200; n++) await storage.decisionAudit.record('flow', 'E')
  }
  await Promise.all([sealing(), sealing(), sealing(), writing()])
  const last = await sealAudit(storage, { key: KEY })
  heads.push(last)
  const chain = await seals(storage)
  const previous = chain.filter(({ event }) => event === 'SEAL').map(({ details }) => details?.['previous'])
  expect(new Set(previous).size).toBeLessThan(previous.length) // some came too late
  const report = await intact(storage, last)
  for (const head of heads) expect(await verifyAudit(storage, { key: KEY, head })).toEqual(report)
})

test('those who seal many events at once go on from the same steps', async () => {
  await using storage = memoryStorage()
  await record(storage, 30_000)
  const heads = await Promise.all([1, 2, 3].map(() => sealAudit(storage)))
  const chain = (await seals(storage)).filter(({ event }) => event === 'SEAL')
  // whoever came too late has gone on from what counts
  const late = chain.filter(
    ({ details }, at) => chain.findIndex((one) => one.details?.['previous'] === details?.['previous']) < at,
  )
  const goneOnFrom = new Set(chain.map(({ details }) => details?.['previous']))
  expect(late.length).toBeGreaterThan(0)
  expect(late.filter(({ seq }) => goneOnFrom.has(seq))).toEqual([])
  for (const head of heads) {
    expect(late.map(({ seq }) => seq)).not.toContain(head.seq)
    expect(problemOf(await verifyAudit(storage, { head }))).toBeNull()
  }
})
