import type { Instant } from '@dir/storage-core'
import type { Write } from './change.ts'
import type { Part } from './loaded-state.ts'
import { REMEMBERED_SEC } from './lasts.ts'
import { plus } from './time.ts'

/** The collections that may have any number of documents of a flow, and when each of these was written. */
const TIMES = {
  decision_audit_events: 'timestamp',
  idempotency_cache: 'createdAt',
  lifecycle_transitions: 'createdAt',
} as const

/** Later than all times, as texts go. */
const NEVER = '~'

/** More of them might not be removed by the deadline. */
const MOST_REMOVED = 2_000

export type RecordsName = keyof typeof TIMES

/** What one of them has of a flow, all in all. */
export interface Summary {
  readonly count: number
  /** The greatest `_id`. */
  readonly last: unknown
  /** After every time where one of them has none, as a claim without a result. */
  readonly latest: Instant
}

/** What is known of flows that are to be pruned, and which of them go. */
export class FlowRecords {
  /** The flow of the log's last event. */
  lastEventOf: string | null = null
  #count = 0
  readonly #found = new Map<string, Summary>()
  readonly #removed = new Map<RecordsName, { readonly all: string[]; readonly late: string[] }>()

  add(name: RecordsName, dfid: string, summary: Summary): void {
    this.#found.set(`${name} ${dfid}`, summary)
  }

  get(name: RecordsName, dfid: string): Summary | null {
    return this.#found.get(`${name} ${dfid}`) ?? null
  }

  count(name: RecordsName, dfid: string): number {
    return this.get(name, dfid)?.count ?? 0
  }

  remove(name: RecordsName, dfid: string, now: Instant): void {
    const found = this.get(name, dfid)
    if (found === null) return
    const flows = this.#removed.get(name) ?? { all: [], late: [] }
    this.#removed.set(name, flows)
    this.#count += found.count
    flows.all.push(dfid)
    if (found.latest >= plus(now, -REMEMBERED_SEC * 1e6)) flows.late.push(dfid)
  }

  /** So many are removed that those of other flows had better wait for the next commit. */
  get areMany(): boolean {
    return this.#count >= MOST_REMOVED
  }

  *writes(): Generator<readonly [RecordsName, Write[]]> {
    for (const [name, { all, late }] of this.#removed) {
      const writes: Write[] = [{ deleteMany: { filter: { dfid: { $in: all } } } }]
      if (name !== 'idempotency_cache' && late.length > 0) writes.unshift(emptied(late))
      yield [name, writes]
    }
  }
}

/** Leaves their numbers, for an hour: somebody may not know yet that these were issued, and take them for the next ones. */
function emptied(flows: readonly string[]): Write {
  const update = [{ $replaceWith: { _id: '$_id', kept: true, removedAt: '$$NOW' } }]
  return { updateMany: { filter: { dfid: { $in: flows } }, update } }
}

export function* partsOfFlows(flows: ReadonlyMap<RecordsName, ReadonlySet<string>>): Generator<Part> {
  for (const [from, dfids] of flows) {
    const latest = { $max: { $ifNull: [`$${TIMES[from]}`, NEVER] } }
    yield {
      from,
      pipeline: [
        { $match: { dfid: { $in: [...dfids] } } },
        { $group: { _id: '$dfid', count: { $sum: 1 }, last: { $max: '$_id' }, latest } },
      ],
      take: ({ records }, { _id, ...summary }: Summary & { readonly _id: string }) =>
        records.add(from, _id, summary),
    }
  }
  if (!flows.has('decision_audit_events')) return
  yield {
    from: 'decision_audit_events',
    pipeline: [{ $sort: { _id: -1 } }, { $limit: 1 }, { $project: { _id: 0, dfid: 1 } }],
    take: ({ records }, { dfid }: { readonly dfid: string }) => void (records.lastEventOf = dfid),
  }
}
