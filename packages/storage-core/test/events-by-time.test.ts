import { memoryStorage } from '@dir/storage-memory'
import { expect, test } from 'vitest'
import type { EventPageFilter, EventRow } from '../src/adapter.ts'
import { findingFew } from '../src/protocols/events-by-time.ts'

const between = {
  after: { timestamp: '2026-01-01T00:00:00.000000Z', seq: 0 },
  before: { timestamp: '2027-01-01T00:00:00.000000Z', seq: 0 },
}
const PAGE: EventPageFilter = {
  dfid: null,
  event: null,
  agentId: null,
  between,
  afterSeq: 0,
  beforeSeq: null,
  newestFirst: false,
  limit: 500,
}

/** Answers at most `most` rows a page, and says what it was asked for. */
function log(rows: readonly EventRow[], most: number) {
  const asked: string[] = []
  const ask = findingFew(async (page) => {
    const { dfid, agentId, between: span, afterSeq, limit } = page
    asked.push(span === null ? `of ${dfid ?? agentId}` : 'by time')
    const isWanted = (row: EventRow): boolean =>
      (dfid ?? row.dfid) === row.dfid && (agentId ?? row.agentId) === row.agentId && row.seq > afterSeq
    return rows.filter(isWanted).slice(0, Math.min(limit, most))
  })
  return { asked, ask }
}

const row = (seq: number, dfid: string, agentId: string, chars = 2): EventRow => ({
  seq,
  dfid,
  agentId,
  event: 'E',
  timestamp: `2026-03-01T00:00:00.${String(999_999 - seq)}Z`,
  stepId: '',
  state: '',
  detailsJson: 'x'.repeat(chars),
})

const rows = [
  ...Array.from({ length: 150 }, (_, n) => row(n + 1, 'big', n < 3 ? 'rare' : 'busy')),
  ...Array.from({ length: 5 }, (_, n) => row(n + 201, 'few', 'busy')),
  ...Array.from({ length: 5 }, (_, n) => row(n + 301, 'long', 'none', 2_000_000)),
]

test('few events are asked for by themselves, however small the pages are; many by time', async () => {
  for (const most of [1, 2, 500]) {
    const { ask, asked } = log(rows, most)
    expect((await ask({ ...PAGE, dfid: 'few' })).map(({ seq }) => seq)).toEqual([205, 204, 203, 202, 201])
    expect(new Set(asked)).toEqual(new Set(['of few']))
  }
  for (const one of [
    { dfid: 'big' },
    { agentId: 'busy' },
    { dfid: 'big', agentId: 'busy' },
    { dfid: 'long' },
  ]) {
    const { ask, asked } = log(rows, 500)
    await ask({ ...PAGE, ...one })
    await ask({ ...PAGE, ...one })
    expect(asked.slice(-2)).toEqual(['by time', 'by time'])
  }
  const { ask, asked } = log(rows, 500)
  expect((await ask({ ...PAGE, dfid: 'big', agentId: 'rare' })).map(({ seq }) => seq)).toEqual([3, 2, 1])
  expect(asked).toEqual(['of big', 'of rare', 'of rare'])
})

test('what comes while a flow is read by time comes along', async () => {
  await using storage = memoryStorage()
  const { decisionAudit } = storage
  for (const count of [3, 120]) {
    const dfid = `flow of ${count}`
    for (let n = 0; n < count; n++) await decisionAudit.record(dfid, 'E')
    let seen = 0
    for await (const _ of decisionAudit.events({ dfid, from: '2026-01-01' }))
      if (++seen <= 20) await decisionAudit.record(dfid, 'E')
    expect(seen).toBe(count + 20)
  }
})
