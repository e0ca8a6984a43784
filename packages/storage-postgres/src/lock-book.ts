import { type AcquireRequest, type Grant, type Micros, formatMicros, noRoom } from '@dir/storage-core'
import { type PgSession, type Row, number, text, textOrNull } from './session.ts'
import { micros } from './time.ts'

interface BookedHold {
  readonly micros: Micros
  /** Microseconds since 1970; null: it does not expire. */
  readonly expiresAt: number | null
  readonly fence: number
}

/** What the requests of one transaction name; all of it is locked. */
export interface LockScope {
  /** Every flow. */
  readonly flows: readonly string[]
  /** The resources to acquire. */
  readonly resources: readonly string[]
  /** How many acquires there may be. */
  readonly acquires: number
}

/** The holds that some requests concern, read once; each request is decided in memory, and `save` writes what came of all. */
export class LockBook {
  readonly #now: number
  readonly #fences: number[]
  /** By resource: what all flows hold. */
  readonly #totals: Map<string, Micros>
  /** By flow and resource. */
  readonly #holds: Map<string, Map<string, BookedHold>>
  /** What `save` does with a hold, by flow and resource. */
  readonly #changes = new Map<string, Map<string, 'write' | 'renew' | 'remove'>>()

  private constructor(rows: readonly Row[], flows: readonly string[]) {
    const ofKind = (kind: string): Row[] => rows.filter((row) => row['kind'] === kind)
    this.#now = number(ofKind('now')[0], 'expires_at')
    this.#fences = ofKind('fence').map((row) => number(row, 'fence'))
    this.#totals = new Map(ofKind('total').map((row) => [text(row, 'resource_id'), number(row, 'micros')]))
    this.#holds = new Map(flows.map((flow) => [flow, new Map()]))
    for (const row of ofKind('hold')) {
      const end = textOrNull(row, 'expires_at')
      const hold = {
        micros: number(row, 'micros'),
        expiresAt: end === null ? null : Number(end),
        fence: number(row, 'fence'),
      }
      this.#ofFlow(text(row, 'dfid')).set(text(row, 'resource_id'), hold)
    }
  }

  /** Reads, in a statement after the locks were had and so with a view that is newer than they are. */
  static async open(db: PgSession, { flows, resources, acquires }: LockScope): Promise<LockBook> {
    for (;;) {
      const rows = await db.read(
        /* sql */ `WITH clock AS MATERIALIZED (SELECT clock_timestamp() AS now)
          SELECT 'now' AS kind, NULL AS dfid, NULL AS resource_id, NULL::NUMERIC AS micros,
            ${micros('now')} AS expires_at, NULL::BIGINT AS fence FROM clock
          UNION ALL SELECT 'fence', NULL, NULL, NULL, NULL, nextval('${db.schema}fence_seq')
            FROM generate_series(1, $3::INTEGER)
          UNION ALL SELECT CASE WHEN expires_at <= now THEN 'expired' ELSE 'total' END,
            NULL, resource_id, sum(micros), NULL, NULL
            FROM ${db.schema}resource_locks, clock WHERE resource_id = ANY($2::TEXT[]) GROUP BY 1, resource_id
          UNION ALL SELECT 'hold', dfid, resource_id, micros, ${micros('expires_at')}, fence
            FROM ${db.schema}resource_locks WHERE dfid = ANY($1::TEXT[])`,
        flows,
        resources,
        acquires,
      )
      const expired = rows.filter((row) => row['kind'] === 'expired').map((row) => text(row, 'resource_id'))
      if (expired.length === 0) return new LockBook(rows, flows)
      // a renewal by somebody else may be under way: deleting waits for it, and reading again tells what came of it
      await db.write(
        /* sql */ `DELETE FROM ${db.schema}resource_locks WHERE (dfid, resource_id) IN (
            SELECT dfid, resource_id FROM ${db.schema}resource_locks
            WHERE resource_id = ANY($1::TEXT[]) AND expires_at <= clock_timestamp()
            ORDER BY dfid, resource_id FOR UPDATE
          ) RETURNING 1`,
        expired,
      )
    }
  }

  /** Throws for the first demand without room. */
  judge({ dfid, demands }: AcquireRequest): void {
    const own = this.#ofFlow(dfid)
    for (const demand of demands) {
      const locked = (this.#totals.get(demand.resourceId) ?? 0) - (own.get(demand.resourceId)?.micros ?? 0)
      if (locked + demand.micros > demand.capacity) throw noRoom(demand, locked)
    }
  }

  /** Writes the holds, whether there is room or not. */
  enact({ dfid, demands, leaseMicros }: AcquireRequest): Grant {
    const fence = this.#fences.shift()
    if (fence === undefined) throw new TypeError('More acquires than fences were drawn.')
    const expiresAt = leaseMicros === null ? null : this.#now + leaseMicros
    for (const { resourceId, micros: amount } of demands) {
      this.#add(resourceId, amount - (this.#ofFlow(dfid).get(resourceId)?.micros ?? 0))
      this.#ofFlow(dfid).set(resourceId, { micros: amount, expiresAt, fence })
      this.#change(dfid, resourceId, 'write')
    }
    return { fence, expiresAt: expiresAt === null ? null : formatMicros(expiresAt) }
  }

  release(dfid: string, fence: number | null): void {
    for (const [resourceId, hold] of this.#ofFlow(dfid)) {
      if (fence !== null && hold.fence > fence) continue
      this.#add(resourceId, -hold.micros)
      this.#ofFlow(dfid).delete(resourceId)
      this.#change(dfid, resourceId, 'remove')
    }
  }

  /** The resources whose holds can be renewed. */
  renewable(dfid: string, fence: number | null): string[] {
    const isRenewable = ({ expiresAt, fence: own }: BookedHold): boolean =>
      expiresAt !== null && expiresAt > this.#now && (fence === null || own <= fence)
    return [...this.#ofFlow(dfid)].flatMap(([resourceId, hold]) => (isRenewable(hold) ? [resourceId] : []))
  }

  /** @returns the resources whose holds are to be renewed; whether that was in time, `save` tells. */
  renew(dfid: string, leaseMicros: number, fence: number | null): string[] {
    const renewed = this.renewable(dfid, fence)
    for (const resourceId of renewed) {
      const hold = this.#ofFlow(dfid).get(resourceId) as BookedHold
      this.#ofFlow(dfid).set(resourceId, { ...hold, expiresAt: this.#now + leaseMicros })
      if (this.#changes.get(dfid)?.get(resourceId) !== 'write') this.#change(dfid, resourceId, 'renew')
    }
    return renewed
  }

  /**
   * Writes all changes in one statement. @returns whether a hold that was renewed is there: its resource was not
   * locked, so somebody who needed the room may have removed it a moment after it expired.
   */
  async save(db: PgSession): Promise<(dfid: string, resourceId: string) => boolean> {
    const { write, renew, remove } = this.#sorted()
    if (write.length + renew.length + remove.length === 0) return () => false
    const instant = (value: number | null): string | null => (value === null ? null : formatMicros(value))
    const rows = await db.write(
      /* sql */ `WITH removed AS (
          DELETE FROM ${db.schema}resource_locks AS l USING unnest($1::TEXT[], $2::TEXT[]) AS r (dfid, resource_id)
          WHERE l.dfid = r.dfid AND l.resource_id = r.resource_id
        ), written AS (
          INSERT INTO ${db.schema}resource_locks (dfid, resource_id, micros, acquired_at, expires_at, fence)
          SELECT dfid, resource_id, micros, $3::TIMESTAMPTZ, expires_at, fence
          FROM unnest($4::TEXT[], $5::TEXT[], $6::BIGINT[], $7::TIMESTAMPTZ[], $8::BIGINT[])
            AS w (dfid, resource_id, micros, expires_at, fence)
          ON CONFLICT (dfid, resource_id) DO UPDATE SET micros = EXCLUDED.micros, fence = EXCLUDED.fence,
            acquired_at = EXCLUDED.acquired_at, expires_at = EXCLUDED.expires_at
        )
        UPDATE ${db.schema}resource_locks AS l SET expires_at = r.expires_at
        FROM unnest($9::TEXT[], $10::TEXT[], $11::TIMESTAMPTZ[]) AS r (dfid, resource_id, expires_at)
        WHERE l.dfid = r.dfid AND l.resource_id = r.resource_id RETURNING l.dfid, l.resource_id`,
      remove.map(([dfid]) => dfid),
      remove.map(([, resourceId]) => resourceId),
      formatMicros(this.#now),
      write.map(([dfid]) => dfid),
      write.map(([, resourceId]) => resourceId),
      write.map(([, , hold]) => hold?.micros ?? 0),
      write.map(([, , hold]) => instant(hold?.expiresAt ?? null)),
      write.map(([, , hold]) => hold?.fence ?? 0),
      renew.map(([dfid]) => dfid),
      renew.map(([, resourceId]) => resourceId),
      renew.map(([, , hold]) => instant(hold?.expiresAt ?? null)),
    )
    // what was renewed and then released was there, as far as anybody can tell
    const there = new Set(
      [...write, ...remove, ...rows.map((row) => [row['dfid'], row['resource_id']])].map(([a, b]) =>
        JSON.stringify([a, b]),
      ),
    )
    return (dfid, resourceId) => there.has(JSON.stringify([dfid, resourceId]))
  }

  #sorted() {
    const lists = { write: [], renew: [], remove: [] } as Record<'write' | 'renew' | 'remove', Change[]>
    for (const [dfid, changes] of this.#changes)
      for (const [resourceId, kind] of changes)
        lists[kind].push([dfid, resourceId, this.#ofFlow(dfid).get(resourceId)])
    return lists
  }

  #ofFlow(dfid: string): Map<string, BookedHold> {
    const holds = this.#holds.get(dfid) ?? new Map<string, BookedHold>()
    this.#holds.set(dfid, holds)
    return holds
  }

  #add(resourceId: string, amount: Micros): void {
    this.#totals.set(resourceId, (this.#totals.get(resourceId) ?? 0) + amount)
  }

  #change(dfid: string, resourceId: string, kind: 'write' | 'renew' | 'remove'): void {
    const changes = this.#changes.get(dfid) ?? new Map<string, 'write' | 'renew' | 'remove'>()
    this.#changes.set(dfid, changes.set(resourceId, kind))
  }
}

type Change = readonly [dfid: string, resourceId: string, hold: BookedHold | undefined]
