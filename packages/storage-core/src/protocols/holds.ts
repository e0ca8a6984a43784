import { type ExportedAmount, type Micros, MAX_MICROS, fromMicros } from '../rules/amounts.ts'
import type { StoredDataError } from '../errors/index.ts'
import { fromPages } from './pages.ts'
import type { Page } from './protocol.ts'
import { type Exported, canonicalTime } from './record-rules.ts'
import type { Instant } from '../rules/time.ts'
import { type RecordRules, checkedOptions } from '../rules/fields.ts'
import { ageMicros, amount, id, integer, sequence } from '../rules/validate.ts'

export interface Hold {
  readonly dfid: string
  readonly resourceId: string
  readonly amount: number | null
  readonly acquiredAt: Instant | null
  /** Null: it does not expire. */
  readonly expiresAt: Instant | null
  /** 0 for a hold that was written without one. */
  readonly fence: number
  /** Only where a stored field cannot be read; that field is null. */
  readonly error?: StoredDataError
}

export interface HoldFilter {
  readonly dfid?: string
  readonly resourceId?: string
  /**
   * Only those whose `acquiredAt` lies so many seconds back or more, by the backend's clock when their page is read. Nobody
   * knows the age of one whose `acquiredAt` cannot be read: it is among them, with its error.
   */
  readonly olderThanSec?: number
}

export interface HoldRow extends Omit<Hold, 'amount'> {
  readonly micros: Micros | null
}

export interface HoldPageFilter {
  readonly dfid: string | null
  readonly resourceId: string | null
  /** Only those whose `acquiredAt` is at or before now − so many microseconds. */
  readonly leastAgeMicros: number | null
}

export interface HoldExport extends Exported, ExportedAmount {
  readonly type: 'hold'
  readonly dfid: string
  readonly resourceId: string
  readonly acquiredAt: Instant
  readonly expiresAt: Instant | null
  readonly fence: number
}

/** Of an exported hold. */
export const HOLD = {
  dfid: id,
  resourceId: id,
  amount,
  micros: { optional: (argument, value) => integer(argument, value, 0, MAX_MICROS) },
  acquiredAt: canonicalTime,
  expiresAt: [canonicalTime],
  fence: sequence,
} satisfies RecordRules<HoldExport>

export function contradictionIn({ amount: exported, micros }: HoldExport): string | null {
  const isSame = micros === undefined || fromMicros(micros) === exported
  return isSame ? null : 'amount and micros contradict each other'
}

export function toHold({ micros, ...row }: HoldRow): Hold {
  return { ...row, amount: micros && fromMicros(micros) }
}

type Ask = (filter: HoldPageFilter, cursor: string | null) => Promise<Page<HoldRow>>

/** What `ask` answers page by page. */
export async function* listed(given: HoldFilter | undefined, ask: Ask): AsyncGenerator<Hold> {
  const rules = { dfid: id, resourceId: id, olderThanSec: ageMicros }
  const { dfid, resourceId, olderThanSec } = checkedOptions(given, rules)
  const filter = { dfid, resourceId, leastAgeMicros: olderThanSec }
  for await (const row of fromPages((cursor) => ask(filter, cursor))) yield toHold(row)
}
