import type { Protocol } from '@dir/storage-core'
import type { JobContext } from '../processes.ts'
import { type With, jobsOf } from './jobs.ts'
import type { RecordKind } from './record-kind.ts'
import { allKindsOf, kindsOf, writeSurely } from './record-kinds.ts'

/** What a function of this module does, as a job for a child process that is killed before it ends. */
export const toJob: ReturnType<typeof jobsOf> = jobsOf(import.meta.url)

/** How many writers of one process write at once, so that a kill always meets a write under way. */
export const LANES = 4

/** Writes for ever on several lanes, telling each write once it is acknowledged: `[lane, n]`. */
async function forEver(
  { ack }: JobContext,
  write: (lane: number, n: number) => Promise<unknown>,
): Promise<never> {
  const lanes = Array.from({ length: LANES }, async (_, lane) => {
    for (let n = 1; ; n++) {
      await write(lane, n)
      ack([lane, n])
    }
  })
  return Promise.race(lanes)
}

/** How many events are recorded together: many, so that a kill between two of them is likely. */
export const EVENTS = 10

/** Several events at a time. */
export function writeEvents(job: With<{ id: string }>): Promise<never> {
  return forEver(job, (lane, n) => {
    const event = { dfid: `${job.args.id}/${lane}`, event: `E${n}`, details: { n } }
    return job.storage.decisionAudit.recordMany(Array.from({ length: EVENTS }, () => event))
  })
}

/** The same amount of three resources. */
export function writeLocks(job: With<{ id: string }>): Promise<never> {
  return forEver(job, (lane, n) => {
    const resources = ['a', 'b', 'c'].map((name) => [`${job.args.id}/${name}`, n] as const)
    const capacities = Object.fromEntries(resources.map(([resource]) => [resource, 1e9]))
    return job.storage.resourceLock.acquireBatch(
      `${job.args.id}/${lane}`,
      Object.fromEntries(resources),
      30,
      {
        capacities,
      },
    )
  })
}

/** One change of four protocols. */
export function writeBatches(job: With<{ id: string }>): Promise<never> {
  return forEver(job, (lane, n) => {
    const dfid = `${job.args.id}/${lane}`
    return job.storage.atomically((batch) => {
      batch.context.setSession(dfid, String(n))
      batch.intentRetry.increment(dfid)
      batch.decisionAudit.record(dfid, `E${n}`)
      batch.lifecycle.transition(dfid, n === 1 ? null : `S${n - 1}`, `S${n}`)
    })
  })
}

/** A count that goes up by one, and a result per count. */
export function writeSingles(job: With<{ id: string }>): Promise<never> {
  return forEver(job, async (lane, n) => {
    const id = `${job.args.id}/${lane}`
    await job.storage.intentRetry.setCount(id, n)
    await job.storage.idempotency.set(`${id}/${n}`, { n })
  })
}

export interface OfProtocols {
  readonly id: string
  readonly protocols: readonly Protocol[]
}

/** One record after another, of each kind in turn. */
export function writeRecords(job: With<OfProtocols>): Promise<never> {
  const kinds = allKindsOf(job.args.protocols)
  return forEver(job, (lane, n) => {
    const id = `${job.args.id}/${lane}/${n}`
    return writeSurely(kinds[n % kinds.length] as RecordKind, job.storage, id, n, `${id}/other`)
  })
}

/** Initialises a namespace; it is killed while it does. */
export async function initialise({ storage, args: { id, protocols } }: With<OfProtocols>): Promise<void> {
  await storage.init()
  for (const kind of kindsOf(protocols)) await writeSurely(kind, storage, id, 1, `${id} other`)
}
