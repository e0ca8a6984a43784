// What the processes of `acquires` do.
import { setTimeout as sleep } from 'node:timers/promises'
import type { With } from '@dir/storage-conformance'
import { CAPACITIES, CAPACITY, RESOURCES, demandOf, isWhole } from './demand.ts'
import { now, outcomeOf } from './told.ts'

/** What a worker tells of a flow: that it is about to do something, or what came of it. */
export type Told = readonly [what: What, flow: string, at: number]

export type What =
  | 'tried'
  | 'granted'
  | 'contended'
  | ReturnType<typeof outcomeOf>
  | 'releasing'
  | 'released'
  | 'partial'

export interface WorkerArgs extends Readonly<Record<string, unknown>> {
  readonly worker: string
  /** The numbers of its attempts: `from` and up, without `until`. */
  readonly from: number
  readonly until: number
  /** Null: it holds until it releases. */
  readonly leaseSec: number | null
  /** Flows of a killed predecessor that may hold something, to be released first. */
  readonly inherited: readonly string[]
}

const LANES = 4

/** Acquires for flow after flow; refused, it releases its oldest, so that about every other attempt is refused. */
export async function work({ storage, args, ack, random }: With<WorkerArgs>): Promise<void> {
  const { resourceLock } = storage
  const held = new Map<string, number>()
  const tell = (what: What, flow: string): void => ack([what, flow, now()] satisfies Told)
  const lease = args.leaseSec === null ? {} : { leaseSec: args.leaseSec }
  const expired = (triedAt: number): boolean =>
    args.leaseSec !== null && now() > triedAt + args.leaseSec * 1_000

  const release = async (flow: string): Promise<void> => {
    tell('releasing', flow)
    for (let tries = 1; ; tries++) {
      try {
        await resourceLock.release(flow)
        break
      } catch (error) {
        if (tries === 5) throw error
      }
    }
    tell('released', flow)
  }

  const releaseOldest = async (): Promise<void> => {
    for (const [flow, triedAt] of held) {
      held.delete(flow)
      const holds = random() < 0.2 ? await resourceLock.getHolds({ dfid: flow }) : null
      if (holds !== null && !expired(triedAt) && !isWhole(flow, holds)) tell('partial', flow)
      return release(flow)
    }
    await sleep(1 + random() * 4)
  }

  const attempt = async (flow: string): Promise<void> => {
    const triedAt = now()
    tell('tried', flow)
    const waitSec = random() < 0.25 ? 0 : 2
    const outcome = await resourceLock
      .acquireBatch(flow, demandOf(flow), waitSec, { capacities: CAPACITIES, ...lease })
      .then((granted) => (granted ? 'granted' : 'contended'), outcomeOf)
    tell(outcome, flow)
    if (outcome === 'granted') held.set(flow, triedAt)
    if (outcome === 'unknown' || outcome === 'unmapped') await release(flow)
    if (outcome === 'refused') await releaseOldest()
  }

  await Promise.all(args.inherited.map(release))
  let next = args.from
  const lane = async (): Promise<void> => {
    while (next < args.until) await attempt(`${args.worker}:${next++}`)
  }
  await Promise.all(Array.from({ length: LANES }, lane))
  while (held.size > 0) await releaseOldest()
}

export interface Observed {
  readonly reads: number
  /** The most that was seen held of a resource. */
  readonly fullest: number
  /** How often more than the capacity was. */
  readonly overbooked: number
  /** How often a flow was seen to hold only a part. */
  readonly partial: number
  /** When the last read began in which a flow was seen to hold something. */
  readonly seenAt: ReadonlyMap<string, number>
}

const FINISHED = 'the load is finished'

/** Reads all holds and all sums, again and again, until `finish` says so. */
export async function observe({ storage: { resourceLock, context } }: With<object>): Promise<Observed> {
  const seenAt = new Map<string, number>()
  let [reads, fullest, overbooked, partial] = [0, 0, 0, 0]
  const judge = (locked: number): void => {
    fullest = Math.max(fullest, locked)
    if (locked > CAPACITY) overbooked++
  }
  while ((await context.getSession(FINISHED)) === null) {
    const at = now()
    const holds = await resourceLock.getHolds()
    const byFlow = Map.groupBy(holds, ({ dfid }) => dfid)
    for (const [flow, own] of byFlow) {
      seenAt.set(flow, at)
      if (!isWhole(flow, own)) partial++
    }
    for (const resource of RESOURCES) {
      const amounts = holds.filter(({ resourceId }) => resourceId === resource)
      judge(amounts.reduce((sum, { amount }) => sum + (amount ?? 0), 0))
      judge(await resourceLock.getLockedAmount(resource, null))
    }
    reads += 1 + RESOURCES.length
    await sleep(2) // the workers need the processor too
  }
  return { reads, fullest, overbooked, partial, seenAt }
}

/** Waits until every lease is over, and looks what is still held; twice, some time apart. @returns the flows seen. */
export async function finish({
  storage: { resourceLock, context },
  args: { waitMs },
}: With<{ waitMs: number }>): Promise<string[]> {
  const left: string[] = []
  for (const pause of [waitMs, 500]) {
    await sleep(pause)
    left.push(...(await resourceLock.getHolds()).map(({ dfid }) => dfid))
    for (const resource of RESOURCES)
      if ((await resourceLock.getLockedAmount(resource, null)) !== 0) left.push(resource)
  }
  await context.setSession(FINISHED, 'true')
  return left
}
