// What the processes of `prune` do.
import type { PruneSummary, StorageRecord } from '@dir/storage-core'
import type { With } from '@dir/storage-conformance'

const OLD = '2026-03-01T00:00:00.000000Z'
const BEFORE = '2026-04-01T00:00:00.000000Z'
const EVENTS = 10

export const isOpen = (n: number): boolean => n % 10 === 0
const flowOf = (n: number): string => `flow ${n}`

/** So many flows, of which one in ten is open: each with a session, ten events and two transitions. */
function* records(flows: number): Generator<StorageRecord> {
  for (let n = 0; n < flows; n++)
    yield { type: 'session', id: flowOf(n), dataJson: '{"n": 1}', updatedAt: OLD }
  const event = { type: 'event', stepId: 'step', state: 'STATE', detailsJson: '{}', timestamp: OLD } as const
  for (let seq = 1; seq <= EVENTS * flows; seq++)
    yield { ...event, seq, dfid: flowOf(seq % flows), event: 'PLANTED' }
  const moved = { type: 'transition', createdAt: OLD } as const
  for (let n = 0; n < flows; n++) {
    yield { ...moved, dfid: flowOf(n), fromStatus: null, toStatus: 'OPEN' }
    if (!isOpen(n)) yield { ...moved, dfid: flowOf(n), fromStatus: 'OPEN', toStatus: 'DONE' }
  }
  const sessions = flows
  const moves = 2 * flows - Math.ceil(flows / 10)
  yield { type: 'counters', seq: EVENTS * flows, fence: 0, records: sessions + EVENTS * flows + moves }
}

export async function fill({ storage, args: { flows } }: With<{ flows: number }>): Promise<void> {
  await storage.importRecords(records(flows))
  await storage.decisionAudit.record('last', 'LAST')
}

/** What a writer tells of each event: when it was acknowledged, and how long that took. */
export interface Written {
  readonly dfid: string
  readonly at: number
  readonly ms: number
}

export const clock = (): number => Number(process.hrtime.bigint() / 1_000n) / 1_000

/** Records events of open flows for ever. */
export async function writeForEver({
  storage: { decisionAudit },
  args: { flows },
  ack,
  random,
}: With<{ flows: number }>): Promise<never> {
  for (;;) {
    const dfid = flowOf(10 * Math.floor((random() * flows) / 10))
    const begun = clock()
    await decisionAudit.record(dfid, 'WRITTEN')
    ack({ dfid, at: clock(), ms: clock() - begun } satisfies Written)
  }
}

export interface Pruned extends PruneSummary {
  /** The most memory above what it had at the start, in MiB. */
  readonly mebibytes: number
}

/** Prunes, and tells after each batch how many flows are gone. */
export async function prune({ storage, ack }: With<object>): Promise<Pruned> {
  await storage.init()
  const start = process.memoryUsage.rss()
  let most = start
  const summary = await storage.prune({
    before: BEFORE,
    terminal: ['DONE'],
    onProgress({ flows }) {
      most = Math.max(most, process.memoryUsage.rss())
      ack(flows)
    },
  })
  return { ...summary, mebibytes: Math.round((most - start) / 2 ** 20) }
}

/** How many events, transitions and sessions there are of a flow; of events, those that a writer wrote are left out. */
export type Parts = readonly [events: number, transitions: number, sessions: number, written: number]

export async function look({
  storage,
  args: { flows },
}: With<{ flows: readonly number[] }>): Promise<Parts[]> {
  const all: Parts[] = []
  for (const n of flows) {
    const dfid = flowOf(n)
    const [events, transitions, session] = await Promise.all([
      storage.decisionAudit.eventsForDfid(dfid),
      storage.lifecycle.getTransitions(dfid),
      storage.context.getSession(dfid),
    ])
    const planted = events.filter(({ event }) => event === 'PLANTED').length
    all.push([planted, transitions.length, Number(session !== null), events.length - planted])
  }
  return all
}
