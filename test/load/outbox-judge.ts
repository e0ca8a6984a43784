import { type End, type Found, LAST, type LogEntry, ORDERED, REFUSED, type Told } from './outbox-jobs.ts'

/** What must be 0. */
export interface Faults {
  /** Orders without exactly one event, and exactly one transition. */
  readonly 'orders without their event': number
  readonly 'events without their order': number
  /** Whatever is there of transactions that were rolled back, or whose process was killed before the commit, and of calls that were refused. */
  readonly 'undone and there': number
  /** Of transactions that were committed. */
  readonly lost: number
  /** For the reader who followed the log. */
  readonly missed: number
  readonly 'out of order': number
}

/** What becomes of a transaction that ends so; null: either. */
const IS_THERE: Readonly<Record<End, boolean | null>> = {
  commit: true,
  rollback: false,
  'refusal, then commit': true,
  kill: false,
  'kill at the commit': null,
}

/** Compares what is there, and what a reader saw, with what was told. */
export function judge(
  told: readonly Told[],
  { orders, log, statuses }: Found,
  seen: readonly LogEntry[],
): Faults {
  const ordered = Map.groupBy(
    log.filter(({ event }) => event === ORDERED),
    ({ dfid }) => dfid,
  )
  const statusOf = new Map(statuses)
  const known = new Set(orders)
  const flows = new Set([...ordered.keys(), ...statusOf.keys()])
  const ended = new Map(told.filter(({ what }) => what !== 'again').map(({ id, end }) => [id, IS_THERE[end]]))
  const undone = [...ended].filter(([, isThere]) => isThere === false).map(([id]) => id)
  const kept = [...ended].filter(([, isThere]) => isThere === true).map(([id]) => id)
  const hasAll = (id: string): boolean => ordered.get(id)?.length === 1 && statusOf.get(id) === ORDERED
  const nameOf = ({ seq, dfid, event }: LogEntry): string => `${seq} ${dfid} ${event}`
  const names = new Set(seen.map(nameOf))
  return {
    'orders without their event': orders.filter((id) => !hasAll(id)).length,
    'events without their order': [...flows].filter((id) => !known.has(id)).length,
    'undone and there':
      undone.filter((id) => known.has(id) || flows.has(id)).length +
      log.filter(({ event }) => event === REFUSED).length,
    lost: kept.filter((id) => !known.has(id)).length,
    missed: log.filter((entry) => !names.has(nameOf(entry))).length,
    'out of order':
      seen.filter(({ seq }, index) => seq <= (seen[index - 1]?.seq ?? 0)).length +
      (seen.at(-1)?.event === LAST ? 0 : 1),
  }
}
