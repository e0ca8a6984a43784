import { CURRENT_FLOWS } from './current-flows.ts'
import { EVENT_INDEX } from './event-index.ts'
import { RUNNING_TOTALS } from './running-totals.ts'

/** One version of the schema. */
interface Step {
  /** The first release of this package that knows it. */
  readonly since: string
  readonly sql: string
}

/**
 * How a file comes from nothing, or from the Python original's tables, to the current version, which is the number of steps.
 * Literal, and append only: what was released is never changed. Python's SQLite reads these too, and may be as old as
 * 3.31: no STRICT, no newer function. JSON columns are TEXT, because the original's JSON has NUMERIC affinity, which
 * rewrites text such as `1.0`; what the original does not know stands in tables beside, because its INSERT OR REPLACE
 * would blank columns added to its own.
 */
export const STEPS: readonly Step[] = [
  {
    since: '0.1.0',
    sql: /* sql */ `
CREATE TABLE IF NOT EXISTS agent_registry (
  agent_id TEXT PRIMARY KEY,
  contract TEXT NOT NULL DEFAULT '{}',
  priority INTEGER NOT NULL DEFAULT 0,
  status TEXT NOT NULL DEFAULT 'ACTIVE',
  agent_version TEXT,
  session_token TEXT,
  suspension_reason TEXT,
  registered_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE IF NOT EXISTS context_session (
  dfid TEXT PRIMARY KEY,
  data TEXT NOT NULL DEFAULT '{}',
  updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE IF NOT EXISTS context_state (
  agent_id TEXT PRIMARY KEY,
  data TEXT NOT NULL DEFAULT '{}',
  version INTEGER NOT NULL DEFAULT 1,
  updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE IF NOT EXISTS idempotency_cache (
  key TEXT PRIMARY KEY,
  result TEXT NOT NULL DEFAULT '{}',
  created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE IF NOT EXISTS decision_audit_events (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  dfid TEXT NOT NULL,
  event TEXT NOT NULL,
  timestamp TEXT NOT NULL,
  step_id TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL DEFAULT '',
  detail_json TEXT NOT NULL DEFAULT '{}'
);
CREATE TABLE IF NOT EXISTS saga_dirty_state (
  dfid TEXT PRIMARY KEY,
  failed_step TEXT NOT NULL DEFAULT '',
  partial_state_json TEXT NOT NULL DEFAULT '{}',
  created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE IF NOT EXISTS resource_locks (
  dfid TEXT NOT NULL,
  resource_id TEXT NOT NULL,
  amount REAL NOT NULL DEFAULT 0,
  acquired_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
  PRIMARY KEY (dfid, resource_id)
);
CREATE TABLE IF NOT EXISTS intent_retry (
  dfid TEXT PRIMARY KEY,
  rejection_count INTEGER NOT NULL DEFAULT 0,
  updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE IF NOT EXISTS escalation_budget (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  agent_id TEXT NOT NULL,
  created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE IF NOT EXISTS escalation_requests (
  dfid TEXT PRIMARY KEY,
  agent_id TEXT NOT NULL,
  reason TEXT NOT NULL DEFAULT '',
  context_json TEXT NOT NULL DEFAULT '{}',
  proposal_json TEXT NOT NULL DEFAULT '{}',
  impact TEXT NOT NULL DEFAULT '',
  status TEXT NOT NULL DEFAULT 'PENDING',
  created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
  resolved_at TIMESTAMP,
  human_decision TEXT
);
CREATE TABLE IF NOT EXISTS flow_transitions (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  dfid TEXT NOT NULL,
  from_status TEXT,
  to_status TEXT NOT NULL,
  created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE IF NOT EXISTS dir_storage_meta (
  name TEXT PRIMARY KEY,
  value
);
CREATE TABLE IF NOT EXISTS idempotency_claims (
  key TEXT PRIMARY KEY,
  token TEXT,
  request_hash TEXT,
  claimed_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS resource_lock_leases (
  dfid TEXT NOT NULL,
  resource_id TEXT NOT NULL,
  expires_at INTEGER,
  fence INTEGER NOT NULL,
  PRIMARY KEY (dfid, resource_id)
);
CREATE INDEX IF NOT EXISTS idx_decision_audit_events_dfid ON decision_audit_events (dfid);
CREATE INDEX IF NOT EXISTS dir_storage_locks ON resource_locks (resource_id, dfid);
CREATE INDEX IF NOT EXISTS dir_storage_leases ON resource_lock_leases (resource_id, expires_at);
CREATE INDEX IF NOT EXISTS dir_storage_tokens ON escalation_budget (agent_id, created_at);
CREATE INDEX IF NOT EXISTS dir_storage_requests ON escalation_requests (status);
CREATE INDEX IF NOT EXISTS dir_storage_transitions ON flow_transitions (dfid);
CREATE TRIGGER IF NOT EXISTS dir_storage_lock_written AFTER INSERT ON resource_locks BEGIN
  DELETE FROM resource_lock_leases WHERE dfid = NEW.dfid AND resource_id = NEW.resource_id;
END;
CREATE TRIGGER IF NOT EXISTS dir_storage_lock_removed AFTER DELETE ON resource_locks BEGIN
  DELETE FROM resource_lock_leases WHERE dfid = OLD.dfid AND resource_id = OLD.resource_id;
END;
CREATE TRIGGER IF NOT EXISTS dir_storage_result_written AFTER INSERT ON idempotency_cache BEGIN
  DELETE FROM idempotency_claims WHERE key = NEW.key;
END;
CREATE TRIGGER IF NOT EXISTS dir_storage_result_removed AFTER DELETE ON idempotency_cache BEGIN
  DELETE FROM idempotency_claims WHERE key = OLD.key;
END;
INSERT OR IGNORE INTO dir_storage_meta (name, value) VALUES ('fence', 0);
`,
  },
  {
    since: '0.1.0',
    sql: /* sql */ `
ALTER TABLE resource_lock_leases ADD COLUMN micros INTEGER;
CREATE INDEX IF NOT EXISTS dir_storage_fences ON resource_lock_leases (fence);
`,
  },
  { since: '0.1.0', sql: RUNNING_TOTALS },
  {
    since: '0.1.0',
    sql: /* sql */ `
CREATE TABLE IF NOT EXISTS escalation_resolvers (
  dfid TEXT PRIMARY KEY,
  resolved_by TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS dir_storage_agents ON escalation_requests (agent_id);
CREATE TRIGGER IF NOT EXISTS dir_storage_request_written AFTER INSERT ON escalation_requests BEGIN
  DELETE FROM escalation_resolvers WHERE dfid = NEW.dfid;
END;
CREATE TRIGGER IF NOT EXISTS dir_storage_request_changed
AFTER UPDATE OF dfid, status, resolved_at, human_decision ON escalation_requests BEGIN
  DELETE FROM escalation_resolvers WHERE dfid IN (OLD.dfid, NEW.dfid);
END;
CREATE TRIGGER IF NOT EXISTS dir_storage_request_removed AFTER DELETE ON escalation_requests BEGIN
  DELETE FROM escalation_resolvers WHERE dfid = OLD.dfid;
END;
`,
  },
  {
    since: '0.1.0',
    sql: /* sql */ `
DROP INDEX IF EXISTS dir_storage_fences;
CREATE INDEX IF NOT EXISTS dir_storage_holds ON resource_lock_leases (fence, dfid, resource_id);
CREATE INDEX IF NOT EXISTS dir_storage_claims ON idempotency_claims (claimed_at, key) WHERE token IS NOT NULL;
${CURRENT_FLOWS}${EVENT_INDEX}ALTER TABLE idempotency_claims ADD COLUMN dfid TEXT;
ALTER TABLE idempotency_claims ADD COLUMN step_id TEXT;
CREATE INDEX IF NOT EXISTS dir_storage_claimed ON idempotency_claims (dfid) WHERE dfid IS NOT NULL;
`,
  },
]

/** What this package reads and writes. */
export const SCHEMA_VERSION: number = STEPS.length

const DROPPED = new Set(indexesAfter('DROP INDEX IF EXISTS'))

/** The names of its indexes. */
export const INDEXES: readonly string[] = indexesAfter('CREATE INDEX IF NOT EXISTS').filter(
  (name) => !DROPPED.has(name),
)

function indexesAfter(words: string): string[] {
  const found = STEPS.flatMap(({ sql }) => [...sql.matchAll(new RegExp(`${words} (\\w+)`, 'g'))])
  return found.map(([, name = '']) => name)
}
