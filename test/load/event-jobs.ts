// What the processes of `events` do.
import { setTimeout as sleep } from 'node:timers/promises'
import type { With } from '@dir/storage-conformance'
import { now } from './told.ts'

/** An event of the load: the n-th of a writer. */
export interface Entry {
  readonly seq: number
  readonly writer: string
  readonly n: number
}

const LANES = 4

/** Records its events, numbered from 0, alone and in batches, several calls at a time in the order of their numbers. */
export async function write({
  storage: { decisionAudit },
  args: { writer, events },
  ack,
  random,
}: With<{ writer: string; events: number }>): Promise<void> {
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < events) {
      const first = next
      next = Math.min(events, first + (random() < 0.5 ? 1 : 2 + Math.floor(random() * 9)))
      const numbers = Array.from({ length: next - first }, (_, offset) => first + offset)
      const told = numbers.map((n) => ({ dfid: writer, event: 'LOAD', details: { n } }))
      const [one] = told
      const seqs =
        told.length === 1 && one !== undefined
          ? [await decisionAudit.record(one.dfid, one.event, { details: one.details })]
          : await decisionAudit.recordMany(told)
      for (const [offset, n] of numbers.entries())
        ack({ seq: seqs[offset] ?? Number.NaN, writer, n } satisfies Entry)
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane))
}

/** After so long without a new event, a reader takes it that the rest will not come. */
const PATIENCE_MS = 10_000

/** Follows the log to its end, each time after the last `seq` that it saw, now and then only a part of what there is. */
export async function follow({
  storage: { decisionAudit },
  args: { events },
  random,
}: With<{ events: number }>): Promise<Entry[]> {
  const seen: Entry[] = []
  let last = now()
  while (seen.length < events) {
    const before = seen.length
    const limit = random() < 0.5 ? {} : { limit: 1 + Math.floor(random() * 700) }
    for await (const { seq, dfid, details } of decisionAudit.events({
      afterSeq: seen.at(-1)?.seq ?? 0,
      ...limit,
    }))
      seen.push({ seq, writer: dfid, n: Number(details?.['n']) })
    if (seen.length > before) last = now()
    else if (before > 0 && now() - last > PATIENCE_MS) break
    else await sleep(5)
  }
  return seen
}
