import fc from 'fast-check'
import { memoryStorage } from '@dir/storage-memory'
import { beforeAll, expect, test } from 'vitest'
import type { AuditEvent } from '../src/index.ts'
import { failureOf } from '../../../scripts/servers/failure.ts'
import { type AuditHead, checkProof, proveConsistency, proveEvent, sealAudit } from '../src/seals.ts'
import { expectInvalid } from './seal-reports.ts'

const storage = memoryStorage()
const heads: AuditHead[] = []
let events: readonly AuditEvent[] = []

// stretches that fill several events with leaves, and some that do not
beforeAll(async () => {
  for (const count of [1, 2, 1_500, 7, 300]) {
    const more = Array.from({ length: count }, (_, n) => ({ dfid: 'flow', event: 'E', details: { n } }))
    await storage.decisionAudit.recordMany(more)
    heads.push(await sealAudit(storage))
  }
  events = await storage.decisionAudit.allEventsChronological()
})

const last = (): AuditHead => heads.at(-1) as AuditHead
const eventAt = (seq: number): AuditEvent => events[seq - 1] as AuditEvent

test('whoever has a head and an event checks that the event is in the log', async () => {
  const seqs = fc.integer({ min: 1, max: last().lastSeq })
  const property = fc.asyncProperty(seqs, fc.constantFrom(...heads), async (seq, head) => {
    if (seq > head.lastSeq) return
    const proof = await proveEvent(storage, seq, { head })
    const read: typeof proof = JSON.parse(JSON.stringify(proof))
    expect(checkProof(read, head, eventAt(seq))).toBe(true)
    expect(checkProof(read, head, { ...eventAt(seq), state: 'OTHER' })).toBe(false)
    expect(checkProof(read, { ...head, root: '0'.repeat(64) }, eventAt(seq))).toBe(false)
    expect(checkProof({ ...read, index: read.index + 1 }, head, eventAt(seq))).toBe(false)
  })
  await fc.assert(property, { numRuns: 60 })
})

test('whoever has two heads checks that the log of one is the beginning of that of the other', async () => {
  for (const [at, from] of heads.entries())
    for (const to of heads.slice(at)) {
      const proof = await proveConsistency(storage, from, to)
      expect(checkProof(proof, from, to)).toBe(true)
      expect(checkProof(proof, { ...from, root: '0'.repeat(64) }, to)).toBe(false)
      expect(checkProof(proof, from, { ...to, root: '0'.repeat(64) })).toBe(false)
      expect(await proveConsistency(storage, from.size, to.size)).toEqual(proof)
    }
})

test('a proof grows by one hash where the log doubles', async () => {
  expect(last().size).toBeGreaterThan(1_800)
  expect((await proveEvent(storage, 5)).path).toHaveLength(11)
  expect((await proveConsistency(storage, 3, last())).path.length).toBeLessThan(13)
})

test('what is not sealed is not proved', async () => {
  await using log = memoryStorage()
  const expectUnsealed = async (refused: Promise<unknown>): Promise<void> =>
    expect(await failureOf(refused, 'message')).toEqual({
      code: 'STORAGE_CONFLICT',
      outcome: 'not-applied',
      retryable: false,
      message: expect.stringContaining('sealAudit'),
    })
  await log.decisionAudit.record('flow', 'E')
  await expectUnsealed(proveEvent(log, 1))
  const head = await sealAudit(log)
  const { seq } = head
  await expectUnsealed(proveEvent(log, seq))
  await expectUnsealed(proveEvent(log, 1, { head: 99 }))
  await expectUnsealed(proveConsistency(log, 1, 99))
  expect(
    checkProof(await proveEvent(log, 1), head, (await log.decisionAudit.eventsForDfid('flow'))[0]!),
  ).toBe(true)
})

test('a log of nothing is the beginning of every log', async () => {
  await using log = memoryStorage()
  const empty = await sealAudit(log)
  await log.decisionAudit.record('flow', 'E')
  const head = await sealAudit(log)
  expect(checkProof(await proveConsistency(log, empty, head), empty, head)).toBe(true)
  expect(checkProof(await proveConsistency(log, empty, empty), empty, empty)).toBe(true)
})

test('arguments that are wrong are refused', async () => {
  const [head, proof] = [last(), await proveEvent(storage, 1)]
  for (const [argument, refused] of [
    ['seq', () => proveEvent(storage, -1)],
    ['seq', () => proveEvent(storage, '1' as never)],
    ['head', () => proveEvent(storage, 1, { head: -1 })],
    ['from', () => proveConsistency(storage, 3, 2)],
    ['to', () => proveConsistency(storage, 3, 'head' as never)],
    ['type', async () => checkProof({ ...proof, type: 'other' } as never, head, eventAt(1))],
    ['proof', async () => checkProof(null as never, head, eventAt(1))],
    ['path', async () => checkProof({ ...proof, path: ['x'] }, head, eventAt(1))],
    ['head', async () => checkProof(proof, null as never, eventAt(1))],
    ['event', async () => checkProof(proof, head, null as never)],
  ] as const)
    await expectInvalid(refused(), argument)
})
