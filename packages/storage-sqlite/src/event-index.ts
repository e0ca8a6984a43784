const BASE = /* sql */ `replace(replace(replace(timestamp, ' ', 'T'), 'Z', ''), '+00:00', '')`

/**
 * An event's time in UTC as text that sorts, to the microsecond: others leave out a fraction of zero, or some of its digits.
 * It is indexed, word for word.
 */
export const MOMENT = /* sql */ `substr(${BASE}, 1, 19) || '.' || substr(substr(${BASE}, 21) || '000000', 1, 6)`

/** Version 5: events in the order of time, and by agent, for which Python has no column. */
export const EVENT_INDEX = /* sql */ `
CREATE INDEX IF NOT EXISTS dir_storage_event_times ON decision_audit_events (${MOMENT}, id);
CREATE TABLE IF NOT EXISTS decision_audit_agents (
  id INTEGER PRIMARY KEY,
  agent_id TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS dir_storage_event_agents ON decision_audit_agents (agent_id);
CREATE TRIGGER IF NOT EXISTS dir_storage_event_written AFTER INSERT ON decision_audit_events BEGIN
  DELETE FROM decision_audit_agents WHERE id = NEW.id;
END;
CREATE TRIGGER IF NOT EXISTS dir_storage_event_changed AFTER UPDATE OF id ON decision_audit_events BEGIN
  DELETE FROM decision_audit_agents WHERE id IN (OLD.id, NEW.id);
END;
CREATE TRIGGER IF NOT EXISTS dir_storage_event_removed AFTER DELETE ON decision_audit_events BEGIN
  DELETE FROM decision_audit_agents WHERE id = OLD.id;
END;
`
