// What the processes of `outbox` do.
import { setTimeout as sleep } from 'node:timers/promises'
import { type JoinedStorage, isStorageError } from '@dir/storage-core'
import type { With } from '@dir/storage-conformance'
import { type Open, type Orders, type Transactional, openOrders } from './orders.ts'

/** How a transaction ends: by its process, by which it may also be refused something before, or by a kill. */
export const ENDS = ['commit', 'rollback', 'refusal, then commit', 'kill', 'kill at the commit'] as const

export type End = (typeof ENDS)[number]

/** What is told of the n-th transaction of a writer, whose order has this id. */
export interface Told {
  readonly n: number
  readonly id: string
  readonly end: End
  /** `over`: it ended as it should; `kill`: now its process is to be killed. */
  readonly what: 'again' | 'over' | 'kill'
}

export interface LogEntry {
  readonly seq: number
  readonly dfid: string
  readonly event: string
}

/** What is there at the end. */
export interface Found {
  readonly orders: readonly string[]
  readonly log: readonly LogEntry[]
  /** By flow: how its transitions read, one after the other. */
  readonly statuses: readonly (readonly [dfid: string, statuses: string])[]
}

export const ORDERED = 'ORDERED'
/** The name of everything that is recorded by what is refused. */
export const REFUSED = 'REFUSED'
/** Recorded by the handle itself, between the transactions of others. */
export const BESIDE = 'BESIDE'
/** After this event there is none. */
export const LAST = 'LAST'

const PAUSE_MS = 3

/** Carries out transactions, each of which writes an order, its event and its transition, and ends as it should. */
export async function writeOrders({
  storage,
  namespace,
  args: { backend, writer, from, ends },
  ack,
  random,
}: With<{ backend: Transactional; writer: number; from: number; ends: readonly End[] }>): Promise<void> {
  const orders = await openOrders(backend, namespace)
  for (const [offset, end] of ends.slice(from).entries()) {
    const n = from + offset
    const id = `${writer}/${n}`
    const tell = (what: Told['what']): void => ack({ n, id, end, what } satisfies Told)
    const beside = random() < 0.3 ? storage.decisionAudit.record(id, BESIDE) : null
    await untilFree(
      orders,
      () => orders.transact(n, (open) => inside(storage.within(open.client), open, id, end, tell, random)),
      () => tell('again'),
    )
    if (end === 'kill at the commit') await new Promise<never>(() => {})
    tell('over')
    await beside
  }
  await orders.close()
}

async function inside(
  joined: JoinedStorage,
  open: Open,
  id: string,
  end: End,
  tell: (what: Told['what']) => void,
  random: () => number,
): Promise<boolean> {
  const steps = [
    () => open.order(id),
    () => joined.decisionAudit.record(id, ORDERED),
    () => joined.lifecycle.transition(id, null, ORDERED),
    ...(end === 'refusal, then commit' ? [() => beRefused(joined, id, random)] : []),
  ].toSorted(() => random() - 0.5)
  // a process that is killed in the middle may have done any part of it
  const last = end === 'kill' ? 1 + Math.floor(random() * steps.length) : steps.length
  for (const step of steps.slice(0, last)) {
    await step()
    await sleep(random() * PAUSE_MS)
  }
  if (end === 'kill' || end === 'kill at the commit') tell('kill')
  if (end === 'kill') await new Promise<never>(() => {})
  return end !== 'rollback'
}

/** What must leave nothing, and the transaction usable. */
async function beRefused(joined: JoinedStorage, id: string, random: () => number): Promise<void> {
  const way = Math.floor(random() * 3)
  if (way === 0) {
    if (await joined.lifecycle.transition(id, REFUSED, REFUSED)) throw new Error('A false condition held.')
    return
  }
  const refused =
    way === 1
      ? joined.resourceLock.acquireBatch(id, { [REFUSED]: 2 }, 0, { capacities: { [REFUSED]: 1 } })
      : joined.atomically((batch) => {
          batch.decisionAudit.record(id, REFUSED)
          batch.lifecycle.transition(id, REFUSED, REFUSED)
        })
  await refused.then(
    (answer) => {
      // an acquire does not wait here for another transaction that was refused the same
      if (answer !== false) throw new Error('What must be refused was not.')
    },
    (error: unknown) => {
      if (!isStorageError(error) || !/_(CONFLICT|INSUFFICIENT_CAPACITY)$/.test(error.code)) throw error
    },
  )
}

/** Runs it again and again while others are in the way. */
async function untilFree(orders: Orders, act: () => Promise<void>, again: () => void): Promise<void> {
  for (let attempts = 1; ; attempts++) {
    try {
      return await act()
    } catch (error) {
      const isOurs = isStorageError(error) && error.code === 'STORAGE_RESOURCE_CONTENTION'
      if (!isOurs && !orders.isContention(error)) throw error
      again()
      await sleep(Math.random() * Math.min(100, 5 * attempts))
    }
  }
}

/** Follows the log until it has seen the last event, each time after the last `seq` that it saw. */
export async function tail({
  storage: { decisionAudit },
  random,
}: With<Record<never, never>>): Promise<LogEntry[]> {
  const seen: LogEntry[] = []
  while (seen.at(-1)?.event !== LAST) {
    const limit = random() < 0.5 ? {} : { limit: 1 + Math.floor(random() * 50) }
    for await (const { seq, dfid, event } of decisionAudit.events({
      afterSeq: seen.at(-1)?.seq ?? 0,
      ...limit,
    }))
      seen.push({ seq, dfid, event })
    await sleep(random() * PAUSE_MS)
  }
  return seen
}

export async function create({
  namespace,
  args: { backend },
}: With<{ backend: Transactional }>): Promise<void> {
  const orders = await openOrders(backend, namespace)
  await orders.create()
  await orders.close()
}

/** Ends the log, and looks at everything. */
export async function lookAt({
  storage,
  namespace,
  args: { backend },
}: With<{ backend: Transactional }>): Promise<Found> {
  await storage.decisionAudit.record('load', LAST)
  const orders = await openOrders(backend, namespace)
  const log = (await Array.fromAsync(storage.decisionAudit.events())).map(({ seq, dfid, event }) => {
    return { seq, dfid, event }
  })
  const byFlow = Map.groupBy(await storage.lifecycle.getTransitions(), ({ dfid }) => dfid)
  const statuses = Array.from(byFlow, ([dfid, all]) => {
    return [dfid, all.map(({ toStatus }) => toStatus).join()] as const
  })
  const found = { orders: await orders.list(), log, statuses }
  await orders.close()
  return found
}
