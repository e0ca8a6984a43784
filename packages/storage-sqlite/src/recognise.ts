import { SchemaError } from '@dir/storage-core'
import type { Statements } from './statements.ts'
import { readMeta, readRelease } from './meta.ts'
import { FLOWS_AS_VIEW } from './current-flows.ts'
import { TOTALS_AS_VIEWS } from './running-totals.ts'
import { INDEXES, SCHEMA_VERSION } from './schema.ts'

type Tables = Readonly<Record<string, readonly string[]>>

const tables = (columns: Readonly<Record<string, string>>): Tables =>
  Object.fromEntries(Object.entries(columns).map(([name, text]) => [name, text.split(' ')]))

/** The tables of the Python original's first generation, with the columns that this version reads and writes. */
const ORIGINAL_TABLES = tables({
  agent_registry:
    'agent_id contract priority status agent_version session_token suspension_reason registered_at updated_at',
  context_session: 'dfid data updated_at',
  context_state: 'agent_id data version updated_at',
  idempotency_cache: 'key result created_at',
  decision_audit_events: 'id dfid event timestamp step_id state detail_json',
  saga_dirty_state: 'dfid failed_step partial_state_json created_at',
  resource_locks: 'dfid resource_id amount acquired_at',
  intent_retry: 'dfid rejection_count updated_at',
  escalation_budget: 'id agent_id created_at',
  escalation_requests:
    'dfid agent_id reason context_json proposal_json impact status created_at resolved_at human_decision',
  flow_transitions: 'id dfid from_status to_status created_at',
})

/** What triggers keep, in order of their first columns. */
const KEPT = tables({
  resource_lock_totals: 'resource_id holds unreadable units rest',
  escalation_budget_windows: 'agent_id digits period tokens',
  current_flows: 'id dfid to_status',
})

/** Those that stand beside. */
const SIDE_TABLES: Tables = {
  ...tables({
    dir_storage_meta: 'name value',
    idempotency_claims: 'key token request_hash claimed_at expires_at dfid step_id',
    resource_lock_leases: 'dfid resource_id expires_at fence micros',
    escalation_resolvers: 'dfid resolved_by',
    decision_audit_agents: 'id agent_id',
  }),
  ...KEPT,
}

const TABLES: Tables = { ...ORIGINAL_TABLES, ...SIDE_TABLES }

/** Those that hold records; first those that triggers keep, so that there is nothing to keep while the others are emptied. */
export const RECORD_TABLES: readonly string[] = [
  ...Object.keys(KEPT),
  ...Object.keys(ORIGINAL_TABLES),
  'idempotency_claims',
  'resource_lock_leases',
  'escalation_resolvers',
  'decision_audit_agents',
]

const WITHOUT_ROWID: Readonly<Record<string, string>> = {
  resource_lock_totals: 'resource_id',
  escalation_budget_windows: 'agent_id, digits, period',
}

/** What tells the rows of one of these apart. */
export const keyOf = (table: string): string => WITHOUT_ROWID[table] ?? 'rowid'

export interface FoundSchema {
  /** Nothing at all is there. */
  readonly empty: boolean
  /** Below `SCHEMA_VERSION`: something is missing; 0 where nothing of ours is there. */
  readonly version: number
  /** Tables of the original's first generation are there. */
  readonly hasOriginal: boolean
  /** Somebody else's tables stand beside. */
  readonly hasOthers: boolean
}

/** Tells whose file this is; throws `SchemaError` where a table that is there keeps ours out. */
export function recognise(db: Statements): FoundSchema {
  const rows = db.all(
    /* sql */ `SELECT LOWER(name) AS name FROM main.sqlite_master WHERE type IN ('table', 'view')`,
  )
  const names = new Set(rows.map((row) => String(row['name'])).filter((name) => !name.startsWith('sqlite_')))
  const isThere = (name: string): boolean => names.has(name)
  const version = isThere('dir_storage_meta') ? (readMeta(db, 'schema_version') ?? 0) : 0
  if (version > SCHEMA_VERSION) throw newer(version, readRelease(db))
  const isSecond = version === 0 && (isThere('decision_flows') || isThere('flow_context'))
  const original = Object.keys(ORIGINAL_TABLES).filter(isThere)
  const ours = Object.keys(TABLES).filter(isThere)
  for (const name of ours) {
    const isOlder = name in SIDE_TABLES && version < SCHEMA_VERSION
    if (!isOlder && lacksColumns(db, name))
      throw isSecond
        ? secondGeneration()
        : foreign(`has a table ${name} with other columns`, `other columns in ${name}`)
    // reaches for the table's last page: a file in WAL mode whose end is cut off looks whole until then
    const last = name in KEPT ? TABLES[name]?.[0] : 'rowid'
    db.get(`SELECT 1 FROM ${name} ORDER BY ${last} DESC LIMIT 1`)
  }
  if (isSecond && original.length < Object.keys(ORIGINAL_TABLES).length) throw secondGeneration()
  if (version === SCHEMA_VERSION && ours.length < Object.keys(TABLES).length)
    throw foreign('lacks one of its tables', 'a table missing')
  return {
    empty: names.size === 0,
    version,
    hasOriginal: original.length > 0,
    hasOthers: names.size > ours.length,
  }
}

/** Lists are slow without them, and nothing else is wrong. */
export function missingIndexes(db: Statements): string[] {
  const rows = db.all(/* sql */ `SELECT name FROM main.sqlite_master WHERE type = 'index'`)
  const names = new Set(rows.map((row) => row['name']))
  return INDEXES.filter((name) => !names.has(name))
}

function lacksColumns(db: Statements, table: string): boolean {
  const found = columnsOf(db, table)
  return TABLES[table]?.some((name) => !found.has(name)) === true
}

export function columnsOf(db: Statements, table: string): ReadonlySet<string> {
  const rows = db.all(/* sql */ `SELECT LOWER(name) AS name FROM pragma_table_info(?)`, table)
  return new Set(rows.map((row) => String(row['name'])))
}

/**
 * Empty tables for what a file of Python's lacks, and views for what triggers would keep, which only this connection sees:
 * the file can be read then as it is.
 */
export function standIn(db: Statements): void {
  for (const [name, columns] of Object.entries(TABLES)) {
    if (columnsOf(db, name).size > 0) continue
    const view = name === 'current_flows' ? FLOWS_AS_VIEW : TOTALS_AS_VIEWS[name]
    db.exec(
      view === undefined
        ? `CREATE TEMP TABLE ${name} (${columns.join(', ')})`
        : `CREATE TEMP VIEW ${name} AS ${view}`,
    )
  }
}

/** Takes the stand-ins away where the tables themselves are there meanwhile. @returns whether they are. */
export function removeStandIns(db: Statements): boolean {
  if (db.get(/* sql */ `SELECT 1 FROM main.sqlite_master WHERE name = 'dir_storage_meta'`) === undefined)
    return false
  for (const { type, name } of db.all(
    /* sql */ `SELECT type, name FROM temp.sqlite_master WHERE type IN ('table', 'view')`,
  ))
    db.exec(`DROP ${String(type)} temp.${String(name)}`)
  return recognise(db).version === SCHEMA_VERSION
}

function newer(version: number, release: string | null): SchemaError {
  return new SchemaError(
    `The file has schema version ${version}; this release of the package knows up to ${SCHEMA_VERSION}. Update @dir/storage-sqlite${release === null ? '' : ` to ${release} or newer`}.`,
    String(version),
    String(SCHEMA_VERSION),
  )
}

function secondGeneration(): SchemaError {
  return foreign('was written by the second generation of the Python original', 'its second generation')
}

function foreign(what: string, found: string): SchemaError {
  return new SchemaError(
    `The file ${what}. It was left as it was; use another path.`,
    found,
    "this package's tables, or those of the Python original's first generation",
  )
}
