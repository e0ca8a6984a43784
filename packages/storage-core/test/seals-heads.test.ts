import { memoryStorage } from '@dir/storage-memory'
import { expect, test } from 'vitest'
import type { StorageHandle, StorageRecord } from '../src/index.ts'
import { sealAudit, verifyAudit } from '../src/seals.ts'
import { failureOf } from '../../../scripts/servers/failure.ts'
import { intact, problemOf } from './seal-reports.ts'

const KEY = 'the secret of these tests'

/** A log that was sealed twice, with its two heads. */
async function sealed() {
  const storage = memoryStorage()
  const heads = []
  for (let round = 0; round < 2; round++) {
    for (let n = 0; n < 5; n++) await storage.decisionAudit.record('flow', 'E', { details: { n } })
    heads.push(await sealAudit(storage, { key: KEY }))
  }
  const [first, second] = heads
  if (first === undefined || second === undefined) throw new Error('It was not sealed.')
  return { storage, first, second }
}

/** A store of what a change makes of the events of another. */
async function after(
  storage: StorageHandle,
  change: (events: readonly Event[]) => readonly Event[],
): Promise<StorageHandle> {
  const records = await Array.fromAsync(storage.exportRecords())
  const events = change(records.filter((one) => one.type === 'event'))
  const last = { type: 'counters', seq: 100, fence: 0, records: events.length } as const
  const changed = memoryStorage()
  await changed.importRecords([...events, last])
  return changed
}

type Event = Extract<StorageRecord, { type: 'event' }>

test('a log has all of its heads, and no other', async () => {
  const { storage, first, second } = await sealed()
  for (const head of [first, second, { ...first, seq: 0, size: 0, lastSeq: 0, root: EMPTY }])
    expect(await verifyAudit(storage, { head })).toEqual(await intact(storage, second))
  for (const head of [
    { ...first, root: second.root },
    { ...first, size: first.size - 1 },
    { ...second, size: 99 },
  ])
    expect(problemOf(await verifyAudit(storage, { head }))).toEqual(['head', head.lastSeq])
})

const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

test('only a head that was kept shows that a log was cut off', async () => {
  const { storage, first, second } = await sealed()
  const cut = await after(storage, (events) => events.filter(({ seq }) => seq <= first.seq))
  expect(await verifyAudit(cut, { key: KEY, head: first })).toEqual(await intact(cut, first))
  expect(problemOf(await verifyAudit(cut, { key: KEY, head: second }))).toEqual(['head', second.lastSeq])
})

test('only a head that was kept shows that a log was rewritten by somebody with the key', async () => {
  const { storage, first } = await sealed()
  const forged = await after(storage, (events) =>
    events
      .filter(({ dfid }) => dfid === 'flow')
      .map((one) => ({ ...one, detailsJson: one.seq === 3 ? '{"n": 7}' : one.detailsJson })),
  )
  const head = await sealAudit(forged, { key: KEY })
  expect(await verifyAudit(forged, { key: KEY })).toEqual(await intact(forged, head))
  expect(problemOf(await verifyAudit(forged, { key: KEY, head: first }))).toEqual(['head', first.lastSeq])
})

test('leaves and seals are events to the next seal', async () => {
  const { storage, first } = await sealed()
  for (const seq of [first.seq - 1, first.seq]) {
    const wrong = await after(storage, (events) =>
      events.map((one) => (one.seq === seq ? { ...one, detailsJson: '{}' } : one)),
    )
    expect(problemOf(await verifyAudit(wrong))).toEqual(['changed', seq])
    const without = await after(storage, (events) => events.filter((one) => one.seq !== seq))
    expect(problemOf(await verifyAudit(without))).toEqual(['removed', seq])
  }
})

test('the last seal and its leaves tell which of them was changed, or is gone', async () => {
  const { storage, second } = await sealed()
  const leaves = second.seq - 1
  const found = async (seq: number, change: (one: Event) => readonly Event[]) => {
    const changed = await after(storage, (events) =>
      events.flatMap((one) => (one.seq === seq ? change(one) : [one])),
    )
    return problemOf(await verifyAudit(changed))
  }
  const edit = (from: RegExp, to: string) => (one: Event) => {
    const detailsJson = one.detailsJson.replace(from, to)
    expect(detailsJson).not.toBe(one.detailsJson)
    return [{ ...one, detailsJson }]
  }
  const bad = [
    [leaves, 'leaves', edit(/(?<="hashes": ")../, 'AA')],
    [leaves, 'leaves', edit(/(?<="seqs": \[\[)\d+/, '8')],
    [leaves, 'leaves', edit(/(?<="from": )\d+/, '3')],
    [leaves, 'leaves', edit(/"from"/, '"form"')],
    [leaves, 'leaves', () => []],
    [second.seq, 'seal', edit(/(?<="root": ")./, 'x')],
    [second.seq, 'seal', edit(/(?<="root": ")../, 'ab')],
    [second.seq, 'seal', edit(/(?<="leaves": \[")../, 'ab')],
    [second.seq, 'seal', edit(/(?<="peaks": \[")../, 'ab')],
    [second.seq, 'seal', edit(/(?<="size": )\d+/, '3')],
    [second.seq, 'seal', edit(/(?<="lastSeq": )\d+/, '3')],
    [second.seq, 'seal', edit(/(?<="previous": )\d+/, '4')],
    [second.seq, 'seal', edit(/(?<="version": )1/, '2')],
  ] as const
  for (const [seq, kind, change] of bad) expect(await found(seq, change)).toEqual([kind, seq])
})

test('a seal that cannot be read is not gone on from', async () => {
  const { storage, second } = await sealed()
  const changed = await after(storage, (events) =>
    events.map((one) => (one.seq === second.seq ? { ...one, detailsJson: '{"size": 7}' } : one)),
  )
  expect(await failureOf(sealAudit(changed, { key: KEY }), 'message')).toEqual({
    code: 'STORAGE_STORED_DATA',
    outcome: 'not-applied',
    retryable: false,
    message: expect.stringContaining(`(seq ${second.seq})`),
  })
})
