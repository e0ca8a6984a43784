import type { FlowPruning, PagePruning } from '@dir/storage-core/adapter'
import { PAGE_ROWS, bounded } from './export-page.ts'
import { GIVEN, type ServerWrite } from './protocol.ts'
import { toTimestamp } from './time.ts'

type FlowWrite = ServerWrite<FlowPruning['pruneFlow']>
type PageWrite = ServerWrite<PagePruning['prunePage']>

/** The moment before which something is old, of the arguments of a call. */
const oldBefore = (before: string, keptMicros: string): string =>
  `least(${before}::TIMESTAMPTZ, moment - ${keptMicros}::BIGINT * INTERVAL '1 microsecond')`

/** That of a call of `pruneFlow`. */
export const beforeOf = (args: string): string => oldBefore(`(${args}->>2)`, `(${args}->>4)`)

/** How a protocol judges a flow that it has nothing to remove of. `isOpen`: a condition for the call's arguments `a`. */
export function judging(isOpen: string): FlowWrite & { readonly judge: string } {
  return {
    toArgs: ([dfid, status, before, kept, dryRun]) => [dfid, status, toTimestamp(before), dryRun, kept],
    judge: /* sql */ `SELECT w, c, NULL FROM ${GIVEN} WHERE ${isOpen}`,
    toAnswer: ([removed]) => Number(removed ?? 0),
  }
}

/**
 * How a protocol removes a flow's rows: those of `table` whose `key` it is, and which are `rows`. What only the flow's own lock
 * keeps from others needs no more; else `rows` leaves out what came after the flow was judged.
 */
export function removing(table: string, key = 'dfid', rows = 'true'): string {
  const ofFlows = (are: string): string => /* sql */ `FROM ${table}
    WHERE ${key} = ANY(ARRAY(SELECT a->>0 FROM ${GIVEN} WHERE ${are} (a->>3)::BOOLEAN)) AND ${rows}`
  return /* sql */ `
    WITH removed AS (DELETE ${ofFlows('NOT')} RETURNING ${key} AS flow),
    counted AS (
      SELECT flow, count(*) AS number
      FROM (SELECT flow FROM removed UNION ALL SELECT ${key} ${ofFlows('')}) AS found GROUP BY flow
    )
    SELECT jsonb_agg(jsonb_build_array(w, c, number)) INTO told FROM ${GIVEN} JOIN counted ON flow = a->>0;`
}

/**
 * How a page of rows is pruned, in the order of their key; where their texts are large, it has fewer. A row that somebody
 * else is writing is passed over: it will not be old, and the page waits for no row.
 */
export function pruningPages(
  table: string,
  [key, type, least]: readonly [name: string, type: string, least: string],
  large: readonly string[],
  isOld: (before: string) => string,
): PageWrite {
  const given = (index: number): string => `(calls->0->2->>${index})`
  const page = /* sql */ `SELECT * FROM ${table} WHERE ${key} > coalesce(${given(1)}::${type}, ${least}) ORDER BY ${key} LIMIT ${PAGE_ROWS}`
  return {
    // one page at a time, and so one call in `calls`
    locks: () => ({ records: [`*pages:${table}`] }),
    toArgs: ([before, kept, cursor, dryRun]) => [toTimestamp(before), cursor, dryRun, kept],
    write: /* sql */ `
      ids := ARRAY(${bounded(page, key, key, large)});
      WITH old AS MATERIALIZED (
        SELECT ${key} FROM ${table} WHERE ${key} = ANY(ids::${type}[]) AND ${isOld(oldBefore(given(0), given(3)))}
        FOR UPDATE SKIP LOCKED
      ), removed AS (
        DELETE FROM ${table} WHERE ${key} = ANY(ARRAY(SELECT ${key} FROM old)) AND NOT ${given(2)}::BOOLEAN
      )
      SELECT jsonb_build_array(jsonb_build_array(calls->0->0, calls->0->1, count(*), ids[cardinality(ids)]))
      INTO told FROM old;`,
    toAnswer: ([removed, next]) => ({
      removed: Number(removed),
      next: typeof next === 'string' ? next : null,
    }),
  }
}
