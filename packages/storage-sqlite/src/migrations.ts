import { ORIGINAL_TABLES, SIDE_TABLES, createTables } from './tables.ts'

/** Rises with whatever an older version of this package would not understand. 2: `resource_lock_leases.micros`. */
export const SCHEMA_VERSION = 2

/**
 * Everything that a file lacks, whatever version it has; columns of ours that an older one lacks are added before. Python's
 * SQLite reads these too, and may be as old as 3.31: no STRICT, no newer function.
 */
export const SCHEMA: string =
  createTables({ ...ORIGINAL_TABLES, ...SIDE_TABLES }) +
  /* sql */ `CREATE INDEX IF NOT EXISTS idx_decision_audit_events_dfid ON decision_audit_events (dfid);
CREATE INDEX IF NOT EXISTS dir_storage_locks ON resource_locks (resource_id, dfid);
CREATE INDEX IF NOT EXISTS dir_storage_leases ON resource_lock_leases (resource_id, expires_at);
CREATE INDEX IF NOT EXISTS dir_storage_fences ON resource_lock_leases (fence);
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
`

/** The statements that `init()` runs on a new file, for people whose administrator runs them. */
export function sqliteSchema(): string {
  return `${SCHEMA}INSERT OR REPLACE INTO dir_storage_meta (name, value) VALUES ('schema_version', ${SCHEMA_VERSION});\n`
}
