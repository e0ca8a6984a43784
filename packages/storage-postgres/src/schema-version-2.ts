/**
 * The server's side of every write, and sums that triggers keep. Never changed: stores have it.
 *
 * A trigger comes before its first sums: it waits for writes that are under way, and they then have all of them. It
 * follows processes of version 1 too, which go on meanwhile.
 */
export const toVersion2 = (schema: string): string => /* sql */ `
ALTER TABLE ${schema}meta ADD COLUMN needs TEXT;
CREATE TABLE ${schema}kept_answers (
  handle UUID PRIMARY KEY,
  number BIGINT NOT NULL,
  answers JSONB NOT NULL,
  at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp()
);
CREATE TABLE ${schema}resource_totals (
  resource_id TEXT COLLATE "C" PRIMARY KEY,
  micros BIGINT NOT NULL
) WITH (fillfactor = 50);
CREATE FUNCTION ${schema}keep_totals() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO ${schema}resource_totals AS t (resource_id, micros)
    SELECT resource_id, sum(micros) FROM added GROUP BY resource_id ORDER BY resource_id
    ON CONFLICT (resource_id) DO UPDATE SET micros = t.micros + EXCLUDED.micros;
  ELSIF TG_OP = 'DELETE' THEN
    INSERT INTO ${schema}resource_totals AS t (resource_id, micros)
    SELECT resource_id, -sum(micros) FROM removed GROUP BY resource_id ORDER BY resource_id
    ON CONFLICT (resource_id) DO UPDATE SET micros = t.micros + EXCLUDED.micros;
  ELSE
    INSERT INTO ${schema}resource_totals AS t (resource_id, micros)
    SELECT resource_id, sum(micros) FROM (
      SELECT resource_id, micros FROM added UNION ALL SELECT resource_id, -micros FROM removed
    ) AS changes GROUP BY resource_id HAVING sum(micros) <> 0 ORDER BY resource_id
    ON CONFLICT (resource_id) DO UPDATE SET micros = t.micros + EXCLUDED.micros;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER keep_totals_of_added AFTER INSERT ON ${schema}resource_locks
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ${schema}keep_totals();
CREATE TRIGGER keep_totals_of_removed AFTER DELETE ON ${schema}resource_locks
  REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION ${schema}keep_totals();
CREATE TRIGGER keep_totals_of_changed AFTER UPDATE ON ${schema}resource_locks
  REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ${schema}keep_totals();
INSERT INTO ${schema}resource_totals (resource_id, micros)
  SELECT resource_id, sum(micros) FROM ${schema}resource_locks GROUP BY resource_id;
CREATE TABLE ${schema}budget_counts (
  agent_id TEXT COLLATE "C" NOT NULL,
  unit TEXT COLLATE "C" NOT NULL,
  beginning TIMESTAMP NOT NULL,
  tokens BIGINT NOT NULL,
  PRIMARY KEY (agent_id, unit, beginning)
);
CREATE FUNCTION ${schema}keep_counts() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    INSERT INTO ${schema}budget_counts AS counted (agent_id, unit, beginning, tokens)
    SELECT agent_id, unit, date_trunc(unit, created_at AT TIME ZONE 'UTC'), -count(*)
    FROM removed, unnest(ARRAY['day', 'minute']) AS unit GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (agent_id, unit, beginning) DO UPDATE SET tokens = counted.tokens + EXCLUDED.tokens;
  END IF;
  IF TG_OP <> 'DELETE' THEN
    INSERT INTO ${schema}budget_counts AS counted (agent_id, unit, beginning, tokens)
    SELECT agent_id, unit, date_trunc(unit, created_at AT TIME ZONE 'UTC'), count(*)
    FROM added, unnest(ARRAY['day', 'minute']) AS unit GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (agent_id, unit, beginning) DO UPDATE SET tokens = counted.tokens + EXCLUDED.tokens;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER keep_counts_of_added AFTER INSERT ON ${schema}escalation_budget
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ${schema}keep_counts();
CREATE TRIGGER keep_counts_of_removed AFTER DELETE ON ${schema}escalation_budget
  REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION ${schema}keep_counts();
CREATE TRIGGER keep_counts_of_changed AFTER UPDATE ON ${schema}escalation_budget
  REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ${schema}keep_counts();
INSERT INTO ${schema}budget_counts (agent_id, unit, beginning, tokens)
  SELECT agent_id, unit, date_trunc(unit, created_at AT TIME ZONE 'UTC'), count(*)
  FROM ${schema}escalation_budget, unnest(ARRAY['day', 'minute']) AS unit GROUP BY 1, 2, 3;
CREATE FUNCTION ${schema}window_count(agent TEXT, since TIMESTAMPTZ) RETURNS BIGINT LANGUAGE plpgsql STABLE AS $$
DECLARE
  first_minute TIMESTAMP := date_trunc('minute', since AT TIME ZONE 'UTC' + INTERVAL '59.999999 seconds');
  first_day TIMESTAMP := date_trunc('day', first_minute + INTERVAL '23 hours 59 minutes');
BEGIN
  RETURN (
    SELECT count(*) FROM ${schema}escalation_budget
    WHERE agent_id = agent AND created_at >= since AND created_at < first_minute AT TIME ZONE 'UTC'
  ) + coalesce((
    SELECT sum(tokens) FROM ${schema}budget_counts
    WHERE agent_id = agent AND unit = 'minute' AND beginning >= first_minute AND beginning < first_day
  ), 0) + coalesce((
    SELECT sum(tokens) FROM ${schema}budget_counts
    WHERE agent_id = agent AND unit = 'day' AND beginning >= first_day
  ), 0);
END $$;
CREATE INDEX resource_locks_expired ON ${schema}resource_locks (resource_id, expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX resource_locks_fence ON ${schema}resource_locks (fence);
CREATE INDEX saga_dirty_state_position ON ${schema}saga_dirty_state (position);
`
