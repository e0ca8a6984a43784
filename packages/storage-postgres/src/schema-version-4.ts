/**
 * Holds, marks and unfinished claims in the order in which they are listed, events in the order of time and by agent; what
 * a claim is for, and so its result, by flow;
 * each flow's last transition, by status and in the order of insertion. A count of tokens that is 0 goes, by a trigger whose
 * name comes after that of the one that counts.
 * Whoever appends events notifies those who follow, and a refusal tells what stood there instead: both lie in the functions
 * alone. Never changed: stores have it.
 *
 * A trigger keeps the last transitions, and comes before the first filling: it waits for writes that are under way, and
 * follows processes of older versions, which go on meanwhile. Statuses may be too long for an index, which has a number for
 * each instead.
 */
export const toVersion4 = (schema: string): string => /* sql */ `
CREATE INDEX resource_locks_order ON ${schema}resource_locks (fence, dfid, resource_id);
DROP INDEX ${schema}resource_locks_fence;
CREATE INDEX saga_dirty_state_order ON ${schema}saga_dirty_state (position, dfid);
DROP INDEX ${schema}saga_dirty_state_position;
ALTER TABLE ${schema}idempotency_cache ADD COLUMN dfid TEXT COLLATE "C", ADD COLUMN step_id TEXT;
CREATE INDEX idempotency_cache_claims ON ${schema}idempotency_cache (claimed_at, key) WHERE token IS NOT NULL;
CREATE INDEX idempotency_cache_flow ON ${schema}idempotency_cache (dfid) WHERE dfid IS NOT NULL;
ALTER TABLE ${schema}decision_audit_events ADD COLUMN agent_id TEXT COLLATE "C";
CREATE INDEX decision_audit_events_agent ON ${schema}decision_audit_events (agent_id, seq) WHERE agent_id IS NOT NULL;
CREATE INDEX decision_audit_events_time ON ${schema}decision_audit_events ("timestamp", seq);
CREATE OR REPLACE FUNCTION ${schema}remove_empty_counts() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM ${schema}budget_counts WHERE ctid = ANY(ARRAY(
    SELECT place FROM (
      SELECT DISTINCT agent_id, unit, date_trunc(unit, created_at AT TIME ZONE 'UTC') AS beginning
      FROM removed, unnest(ARRAY['day', 'minute']) AS unit
    ) AS changed, LATERAL (
      SELECT ctid AS place FROM ${schema}budget_counts AS c WHERE c.tokens = 0
        AND c.agent_id = changed.agent_id AND c.unit = changed.unit AND c.beginning = changed.beginning OFFSET 0
    ) AS empty
  ));
  RETURN NULL;
END $$;
CREATE TRIGGER remove_empty_counts AFTER DELETE ON ${schema}escalation_budget
  REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION ${schema}remove_empty_counts();
ALTER TABLE ${schema}flow_status ADD COLUMN position BIGINT, ADD COLUMN since TIMESTAMPTZ;
CREATE OR REPLACE FUNCTION ${schema}keep_flows() RETURNS TRIGGER LANGUAGE plpgsql AS $$
DECLARE flows TEXT[];
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO ${schema}flow_status AS f (dfid, status, position, since)
    SELECT DISTINCT ON (dfid) dfid, to_status, id, created_at FROM added ORDER BY dfid, id DESC
    ON CONFLICT (dfid) DO UPDATE
      SET status = EXCLUDED.status, position = EXCLUDED.position, since = EXCLUDED.since
      WHERE f.position IS NULL OR f.position < EXCLUDED.position;
    RETURN NULL;
  END IF;
  flows := ARRAY(SELECT DISTINCT dfid FROM removed);
  IF TG_OP = 'UPDATE' THEN flows := flows || ARRAY(SELECT DISTINCT dfid FROM added); END IF;
  DELETE FROM ${schema}flow_status WHERE dfid = ANY(flows);
  INSERT INTO ${schema}flow_status (dfid, status, position, since)
  SELECT DISTINCT ON (dfid) dfid, to_status, id, created_at FROM ${schema}flow_transitions
  WHERE dfid = ANY(flows) ORDER BY dfid, id DESC;
  RETURN NULL;
END $$;
CREATE TRIGGER keep_flows_of_added AFTER INSERT ON ${schema}flow_transitions
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ${schema}keep_flows();
CREATE TRIGGER keep_flows_of_removed AFTER DELETE ON ${schema}flow_transitions
  REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION ${schema}keep_flows();
CREATE TRIGGER keep_flows_of_changed AFTER UPDATE ON ${schema}flow_transitions
  REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ${schema}keep_flows();
UPDATE ${schema}flow_status AS s SET status = t.to_status, position = t.id, since = t.created_at
  FROM (SELECT DISTINCT ON (dfid) * FROM ${schema}flow_transitions ORDER BY dfid, id DESC) AS t WHERE t.dfid = s.dfid;
CREATE INDEX flow_status_position ON ${schema}flow_status (position);
CREATE INDEX flow_status_status ON ${schema}flow_status (hashtextextended(status, 0), position);
`
