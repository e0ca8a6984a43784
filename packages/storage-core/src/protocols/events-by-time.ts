import type { Instant } from '../rules/time.ts'
import type { EventPageFilter, EventPlace, EventRow } from './audit-events.ts'

/** Answers one page. */
export type Ask = (page: EventPageFilter) => Promise<EventRow[]>

/** So many events of a flow or an agent are sorted here, rather than looked for among those of all in that time. */
const FEW = 100

/** Whether an event comes before another in the order of time. */
export function isEventBefore(one: EventPlace, other: EventPlace): boolean {
  return one.timestamp === other.timestamp ? one.seq < other.seq : one.timestamp < other.timestamp
}

/** Events of one moment, or of all moments between two, both excluded. */
export type TimePart =
  | { readonly moment: Instant; readonly afterSeq: number; readonly beforeSeq: number }
  | { readonly after: Instant; readonly before: Instant }

/**
 * What lies between two places, as parts that an index by time and `seq` finds at once: with conditions on pairs it would
 * begin again with the first event of the moment for each page. In the order in which they are to be read.
 */
export function timeParts(
  { after, before }: NonNullable<EventPageFilter['between']>,
  newestFirst: boolean,
): readonly TimePart[] {
  if (after.timestamp > before.timestamp) return []
  const moment = after.timestamp
  const parts: readonly TimePart[] =
    moment === before.timestamp
      ? [{ moment, afterSeq: after.seq, beforeSeq: before.seq }]
      : [
          { moment, afterSeq: after.seq, beforeSeq: Number.MAX_SAFE_INTEGER },
          { after: moment, before: before.timestamp },
          { moment: before.timestamp, afterSeq: 0, beforeSeq: before.seq },
        ]
  const some = parts.filter((part) => 'after' in part || part.afterSeq + 1 < part.beforeSeq)
  return newestFirst ? some.toReversed() : some
}

/**
 * Asks for the events of one flow or agent by their own index, where they are few, and not by time: there, those of all others
 * stand between them.
 */
export function findingFew(ask: Ask): Ask {
  let few: EventRow[] | null | undefined
  return async (page) => {
    const { dfid, event, agentId, between, newestFirst, limit } = page
    if (between === null || (dfid === null && agentId === null)) return ask(page)
    if (few === undefined) few = await allOf(dfid, agentId, ask)
    if (few === null) return ask(page)
    const found = few
      .filter((row) => (dfid ?? row.dfid) === row.dfid && (agentId ?? row.agentId) === row.agentId)
      .filter((row) => (event ?? row.event) === row.event)
      .filter(isPlaced)
      .filter((row) => isEventBefore(between.after, row) && isEventBefore(row, between.before))
      .toSorted((one, other) => (isEventBefore(one, other) ? -1 : 1))
    return (newestFirst ? found.toReversed() : found).slice(0, limit)
  }
}

const isPlaced = (row: EventRow): row is EventRow & EventPlace => row.timestamp !== null

/** All events of a flow, or where none is given of an agent; null: these are many. */
async function allOf(dfid: string | null, agentId: string | null, ask: Ask): Promise<EventRow[] | null> {
  const all = { dfid, agentId: dfid === null ? agentId : null, event: null, between: null }
  const inOrder = { ...all, beforeSeq: null, newestFirst: false }
  const rows = await ask({ ...inOrder, afterSeq: 0, limit: FEW })
  const last = rows.at(-1)
  if (last === undefined) return rows
  const isAll = rows.length < FEW && (await ask({ ...inOrder, afterSeq: last.seq, limit: 1 })).length === 0
  return isAll ? rows : null
}
