import { PermissionError } from '@dir/storage-core'
import type { Counters } from '@dir/storage-core/adapter'
import type { PgConnection } from './connection.ts'
import type { LockNames } from './locks.ts'
import { type PgSession, number } from './session.ts'
import { codeOf } from './wire.ts'

/** Up to so many numbers are drawn one by one, so that no other writer's can be taken back; beyond, no other can be near. */
const MOST_DRAWN = 100_000

/** Each sequence, and where the rows are that have its numbers. */
const NUMBERED = {
  audit_seq: ['decision_audit_events.seq'],
  fence_seq: ['resource_locks.fence'],
  // a position of a request that is resolved orders nothing any more
  order_seq: [
    'flow_transitions.id',
    'escalation_budget.id',
    'saga_dirty_state.position',
    `escalation_requests.position WHERE status = 'PENDING'`,
  ],
} as const

type Sequence = keyof typeof NUMBERED
const SEQUENCES = Object.keys(NUMBERED) as Sequence[]

/** SQL for the last number drawn from a sequence; it needs no more rights than drawing one. */
function lastOf(db: PgSession, sequence: Sequence): string {
  return `coalesce(pg_sequence_last_value('${db.schema}${sequence}'::REGCLASS), 0)`
}

function highestOf(db: PgSession, sequence: Sequence): string {
  const highest = NUMBERED[sequence].map((place) => {
    const [table, column, condition = ''] = place.split(/\.| (?=WHERE)/)
    return `(SELECT max(${column}) FROM ${db.schema}${table} ${condition})`
  })
  return `coalesce(greatest(${highest.join(', ')}), 0)`
}

/** The highest `seq` and fence ever issued. */
export async function readCounters(db: PgSession): Promise<Counters> {
  const [row] = await db.read(
    /* sql */ `SELECT ${lastOf(db, 'audit_seq')} AS seq, ${lastOf(db, 'fence_seq')} AS fence`,
  )
  return { seq: number(row, 'seq'), fence: number(row, 'fence') }
}

interface Behind {
  readonly sequence: Sequence
  readonly gap: number
}

/** The sequences that stand behind their rows, as logical replication and a restore by table leave them. */
async function behind(db: PgSession): Promise<Behind[]> {
  const gaps = SEQUENCES.map((one) => `${highestOf(db, one)} - ${lastOf(db, one)} AS ${one}`)
  const [row] = await db.read(/* sql */ `SELECT ${gaps.join(', ')}`)
  return SEQUENCES.map((sequence) => ({ sequence, gap: number(row, sequence) })).filter(({ gap }) => gap > 0)
}

/**
 * Raises the sequences that stand behind their rows, so that no number is issued again. Others may write meanwhile; of
 * several handles that start at once, one raises.
 * @returns which.
 */
export async function raiseSequences(
  pg: PgConnection,
  names: LockNames,
  deadline: number,
): Promise<readonly string[]> {
  if ((await behind(pg.session(deadline))).length === 0) return []
  return pg.transaction({ deadline, lock: names.schema }, async (db) => {
    const found = await behind(db)
    for (const { sequence, gap } of found) {
      const name = `'${db.schema}${sequence}'::REGCLASS`
      try {
        if (gap <= MOST_DRAWN)
          await db.read(/* sql */ `SELECT max(nextval(${name})) FROM generate_series(1, $1::INTEGER)`, gap)
        else await db.read(/* sql */ `SELECT setval(${name}, ${highestOf(db, sequence)})`)
      } catch (error) {
        if (codeOf(error) !== '42501') throw error
        throw new PermissionError(
          `The sequence ${db.schema}${sequence} stands ${gap} behind its rows, as after logical replication or a restore by table, and this role may not raise it. Have its owner do that with setval() first.`,
          { cause: error },
        )
      }
    }
    return found.map(({ sequence }) => sequence)
  })
}
