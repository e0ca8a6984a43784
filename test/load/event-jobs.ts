// What the processes of `events` do.
import { setTimeout as sleep } from 'node:timers/promises'
import type { With } from '@dir/storage-conformance'

/** An event of the load: the n-th of a writer. */
export interface Entry {
  readonly seq: number
  readonly writer: string
  readonly n: number
  /** When it was acknowledged, or seen, in milliseconds of a clock that all processes share. */
  readonly at: number
}

const clock = (): number => Number(process.hrtime.bigint() / 1_000n) / 1_000

const LANES = 4

/**
 * Records its events, numbered from 0, alone and in batches, several calls at a time in the order of their numbers; so many
 * a second, or (null) as fast as it can.
 */
export async function write({
  storage: { decisionAudit },
  args: { writer, events, aSecond },
  ack,
  random,
}: With<{ writer: string; events: number; aSecond: number | null }>): Promise<void> {
  let next = 0
  const begun = clock()
  const lane = async (): Promise<void> => {
    while (next < events) {
      const wait = aSecond === null ? 0 : begun + (next * 1_000) / aSecond - clock()
      if (wait > 0) {
        await sleep(wait)
        continue
      }
      const first = next
      next = Math.min(events, first + (random() < 0.5 ? 1 : 2 + Math.floor(random() * 9)))
      const numbers = Array.from({ length: next - first }, (_, offset) => first + offset)
      const told = numbers.map((n) => ({ dfid: writer, event: 'LOAD', details: { n } }))
      const [one] = told
      const seqs =
        told.length === 1 && one !== undefined
          ? [await decisionAudit.record(one.dfid, one.event, { details: one.details })]
          : await decisionAudit.recordMany(told)
      const at = clock()
      for (const [offset, n] of numbers.entries())
        ack({ seq: seqs[offset] ?? Number.NaN, writer, n, at } satisfies Entry)
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane))
}

/**
 * Reads the log to its end, again and again, each time after the last `seq` that it saw and now and then only a part of what there is, until it
 * has seen the last event of each writer and nothing comes after.
 */
export async function goOn({
  storage: { decisionAudit },
  args: { writers, events },
  random,
}: With<{ writers: number; events: number }>): Promise<Entry[]> {
  const seen: Entry[] = []
  const finished = new Set<string>()
  for (let before = -1; finished.size < writers || seen.length > before;) {
    before = seen.length
    const limit = random() < 0.5 ? {} : { limit: 1 + Math.floor(random() * 700) }
    const page = decisionAudit.events({ afterSeq: seen.at(-1)?.seq ?? 0, ...limit })
    for await (const { seq, dfid: writer, details } of page) {
      const n = Number(details?.['n'])
      seen.push({ seq, writer, n, at: clock() })
      if (n === events - 1) finished.add(writer)
    }
    if (seen.length === before) await sleep(5)
  }
  return seen
}

/** How long a follower waits for what does not come. */
const IDLE_MS = 20_000

/** Follows the log until it has seen so many events. It records the first one itself, and tells when it sees that. */
export async function follow({
  storage: { decisionAudit },
  args: { events },
  ack,
  index,
}: With<{ events: number }>): Promise<Entry[]> {
  const own = await decisionAudit.record(`follower ${index}`, 'START', { details: { n: 0 } })
  const seen: Entry[] = []
  const stop = new AbortController()
  const idle = setTimeout(() => stop.abort(), IDLE_MS)
  for await (const { seq, dfid, details } of decisionAudit.events({ follow: true, signal: stop.signal })) {
    idle.refresh()
    seen.push({ seq, writer: dfid, n: Number(details?.['n']), at: clock() })
    if (seq === own) ack('follows')
    if (seen.length >= events) break
  }
  clearTimeout(idle)
  return seen
}
