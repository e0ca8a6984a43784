import type { Instant } from '../rules/time.ts'
import type { EventPageFilter, EventPlace, EventRow } from './audit-events.ts'

/** Answers one page. */
export type Ask = (page: EventPageFilter) => Promise<EventRow[]>

/** So many events of a flow or an agent, with so long details, are sorted here, and not looked for among those of all. */
const [FEW, FEW_CHARS] = [100, 4 * 1024 * 1024]

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

type One = Pick<EventPageFilter, 'dfid' | 'agentId'>

/**
 * Asks for the events of one flow or agent by their own index, where they are few, and not by time: there, those of all others
 * stand between them.
 */
export function findingFew(ask: Ask): Ask {
  let ones: One[] | undefined
  let few: readonly EventRow[] = []
  return async (page) => {
    const { dfid, agentId, between } = page
    if (between === null) return ask(page)
    ones ??= [
      ...(dfid === null ? [] : [{ dfid, agentId: null }]),
      ...(agentId === null ? [] : [{ dfid: null, agentId }]),
    ]
    for (let one = ones[0]; one !== undefined; one = ones[0]) {
      const all = await allOf(one, few, ask)
      few = all ?? []
      if (all !== null) return sorted(all, between, page)
      ones.shift() // many
    }
    return ask(page)
  }
}

/** All events of a flow or an agent, of which some are known; null: these are many. */
async function allOf(one: One, known: readonly EventRow[], ask: Ask): Promise<readonly EventRow[] | null> {
  const all = [...known]
  const inOrder = { ...one, event: null, between: null, beforeSeq: null, newestFirst: false }
  let chars = 0
  for (;;) {
    const rows = await ask({ ...inOrder, afterSeq: all.at(-1)?.seq ?? 0, limit: FEW - all.length })
    if (rows.length === 0) return all
    all.push(...rows)
    for (const { detailsJson } of rows) chars += detailsJson?.length ?? 0
    if (all.length >= FEW || chars > FEW_CHARS) return null
  }
}

/** What a page has of these events. */
function sorted(
  rows: readonly EventRow[],
  { after, before }: NonNullable<EventPageFilter['between']>,
  { dfid, event, agentId, newestFirst, limit }: EventPageFilter,
): EventRow[] {
  const found = rows
    .filter((row) => (dfid ?? row.dfid) === row.dfid && (agentId ?? row.agentId) === row.agentId)
    .filter((row) => (event ?? row.event) === row.event)
    .filter(isPlaced)
    .filter((row) => isEventBefore(after, row) && isEventBefore(row, before))
    .toSorted((one, other) => (isEventBefore(one, other) ? -1 : 1))
  return (newestFirst ? found.toReversed() : found).slice(0, limit)
}

const isPlaced = (row: EventRow): row is EventRow & EventPlace =>
  row.timestamp !== null && row.isUnplaced !== true
