/**
 * The tables of the Python original with their columns. Its JSON columns are TEXT in files that we create: JSON
 * has NUMERIC affinity, which rewrites text such as `1.0`.
 */
export const ORIGINAL_TABLES: Readonly<Record<string, readonly string[]>> = {
  agent_registry: [
    'agent_id TEXT PRIMARY KEY',
    "contract TEXT NOT NULL DEFAULT '{}'",
    'priority INTEGER NOT NULL DEFAULT 0',
    "status TEXT NOT NULL DEFAULT 'ACTIVE'",
    'agent_version TEXT',
    'session_token TEXT',
    'suspension_reason TEXT',
    'registered_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP',
    'updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP',
  ],
  context_session: [
    'dfid TEXT PRIMARY KEY',
    "data TEXT NOT NULL DEFAULT '{}'",
    'updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP',
  ],
  context_state: [
    'agent_id TEXT PRIMARY KEY',
    "data TEXT NOT NULL DEFAULT '{}'",
    'version INTEGER NOT NULL DEFAULT 1',
    'updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP',
  ],
  idempotency_cache: [
    'key TEXT PRIMARY KEY',
    "result TEXT NOT NULL DEFAULT '{}'",
    'created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP',
  ],
  decision_audit_events: [
    'id INTEGER PRIMARY KEY AUTOINCREMENT',
    'dfid TEXT NOT NULL',
    'event TEXT NOT NULL',
    'timestamp TEXT NOT NULL',
    "step_id TEXT NOT NULL DEFAULT ''",
    "state TEXT NOT NULL DEFAULT ''",
    "detail_json TEXT NOT NULL DEFAULT '{}'",
  ],
  saga_dirty_state: [
    'dfid TEXT PRIMARY KEY',
    "failed_step TEXT NOT NULL DEFAULT ''",
    "partial_state_json TEXT NOT NULL DEFAULT '{}'",
    'created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP',
  ],
  resource_locks: [
    'dfid TEXT NOT NULL',
    'resource_id TEXT NOT NULL',
    'amount REAL NOT NULL DEFAULT 0',
    'acquired_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP',
    'PRIMARY KEY (dfid, resource_id)',
  ],
  intent_retry: [
    'dfid TEXT PRIMARY KEY',
    'rejection_count INTEGER NOT NULL DEFAULT 0',
    'updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP',
  ],
  escalation_budget: [
    'id INTEGER PRIMARY KEY AUTOINCREMENT',
    'agent_id TEXT NOT NULL',
    'created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP',
  ],
  escalation_requests: [
    'dfid TEXT PRIMARY KEY',
    'agent_id TEXT NOT NULL',
    "reason TEXT NOT NULL DEFAULT ''",
    "context_json TEXT NOT NULL DEFAULT '{}'",
    "proposal_json TEXT NOT NULL DEFAULT '{}'",
    "impact TEXT NOT NULL DEFAULT ''",
    "status TEXT NOT NULL DEFAULT 'PENDING'",
    'created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP',
    'resolved_at TIMESTAMP',
    'human_decision TEXT',
  ],
  flow_transitions: [
    'id INTEGER PRIMARY KEY AUTOINCREMENT',
    'dfid TEXT NOT NULL',
    'from_status TEXT',
    'to_status TEXT NOT NULL',
    'created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP',
  ],
}

/** What we add beside them; Python's INSERT OR REPLACE would blank columns added to its own tables. */
export const SIDE_TABLES: Readonly<Record<string, readonly string[]>> = {
  dir_storage_meta: ['name TEXT PRIMARY KEY', 'value'],
  idempotency_claims: [
    'key TEXT PRIMARY KEY',
    'token TEXT',
    'request_hash TEXT',
    'claimed_at INTEGER NOT NULL',
    'expires_at INTEGER NOT NULL',
  ],
  resource_lock_leases: [
    'dfid TEXT NOT NULL',
    'resource_id TEXT NOT NULL',
    'expires_at INTEGER',
    'fence INTEGER NOT NULL',
    'micros INTEGER', // since schema version 2
    'PRIMARY KEY (dfid, resource_id)',
  ],
}

export function createTables(tables: Readonly<Record<string, readonly string[]>>): string {
  return Object.entries(tables)
    .map(([name, columns]) => `CREATE TABLE IF NOT EXISTS ${name} (\n  ${columns.join(',\n  ')}\n);\n`)
    .join('')
}

/** The column names of a table above. */
export function columnNames(definitions: readonly string[]): string[] {
  return definitions.filter((one) => !one.startsWith('PRIMARY KEY')).map((one) => one.split(' ')[0] ?? '')
}
