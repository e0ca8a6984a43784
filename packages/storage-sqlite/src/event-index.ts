/** An event's time as text that sorts: Python leaves out a fraction of zero. It is indexed, word for word. */
export const MOMENT = /* sql */ `substr(replace(replace(timestamp, 'Z', ''), '+00:00', '') || '.000000', 1, 26)`

/** What `MOMENT` is of a time that can be read. */
export const IS_MOMENT = /* sql */ `${MOMENT} GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9]*'`

/** Version 5: events in the order of time, and by agent, for which Python has no column. */
export const EVENT_INDEX = /* sql */ `
CREATE INDEX IF NOT EXISTS dir_storage_event_times ON decision_audit_events (${MOMENT}, id);
CREATE TABLE IF NOT EXISTS decision_audit_agents (
  id INTEGER PRIMARY KEY,
  agent_id TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS dir_storage_event_agents ON decision_audit_agents (agent_id);
CREATE TRIGGER IF NOT EXISTS dir_storage_event_removed AFTER DELETE ON decision_audit_events BEGIN
  DELETE FROM decision_audit_agents WHERE id = OLD.id;
END;
`
