/** What the first package that knows the current version is called; stores of it say so to older ones. */
export const NEEDS = '@dir/storage-postgres 0.1.0'

/**
 * Append only: the position of the last one applied is the schema's version. Texts compare by their bytes, JSON is
 * kept as TEXT so that it comes back byte for byte, and numbers of order come from sequences, never from times.
 */
export const STEPS: readonly ((schema: string) => string)[] = [
  (schema) => /* sql */ `
CREATE TABLE ${schema}meta (
  name TEXT COLLATE "C" PRIMARY KEY,
  value BIGINT NOT NULL
);
CREATE SEQUENCE ${schema}audit_seq;
CREATE SEQUENCE ${schema}fence_seq;
CREATE SEQUENCE ${schema}order_seq;
CREATE TABLE ${schema}agent_registry (
  agent_id TEXT COLLATE "C" PRIMARY KEY,
  contract TEXT NOT NULL,
  priority INTEGER NOT NULL,
  status TEXT COLLATE "C" NOT NULL,
  agent_version TEXT,
  session_token TEXT,
  suspension_reason TEXT,
  registered_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
  updated_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp()
);
CREATE TABLE ${schema}context (
  kind TEXT COLLATE "C" NOT NULL,
  id TEXT COLLATE "C" NOT NULL,
  data_json TEXT,
  updated_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (kind, id)
);
CREATE TABLE ${schema}idempotency_cache (
  key TEXT COLLATE "C" PRIMARY KEY,
  result TEXT,
  request_hash TEXT,
  created_at TIMESTAMPTZ,
  token TEXT,
  claimed_at TIMESTAMPTZ,
  expires_at TIMESTAMPTZ
);
CREATE TABLE ${schema}decision_audit_events (
  seq BIGINT PRIMARY KEY DEFAULT nextval('${schema}audit_seq'),
  batch_id UUID,
  dfid TEXT COLLATE "C" NOT NULL,
  event TEXT NOT NULL,
  "timestamp" TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
  step_id TEXT NOT NULL,
  state TEXT NOT NULL,
  detail_json TEXT NOT NULL
);
CREATE UNIQUE INDEX decision_audit_events_batch ON ${schema}decision_audit_events (batch_id) WHERE batch_id IS NOT NULL;
CREATE INDEX decision_audit_events_flow ON ${schema}decision_audit_events (dfid, seq);
CREATE TABLE ${schema}saga_dirty_state (
  dfid TEXT COLLATE "C" PRIMARY KEY,
  failed_step TEXT NOT NULL,
  partial_state_json TEXT NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
  position BIGINT NOT NULL DEFAULT nextval('${schema}order_seq')
);
CREATE TABLE ${schema}resource_locks (
  dfid TEXT COLLATE "C" NOT NULL,
  resource_id TEXT COLLATE "C" NOT NULL,
  micros BIGINT NOT NULL,
  acquired_at TIMESTAMPTZ NOT NULL,
  expires_at TIMESTAMPTZ,
  fence BIGINT NOT NULL,
  PRIMARY KEY (dfid, resource_id)
);
CREATE INDEX resource_locks_resource ON ${schema}resource_locks (resource_id) INCLUDE (micros, expires_at);
CREATE TABLE ${schema}intent_retry (
  dfid TEXT COLLATE "C" PRIMARY KEY,
  count INTEGER NOT NULL,
  updated_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp()
);
CREATE TABLE ${schema}escalation_budget (
  id BIGINT PRIMARY KEY DEFAULT nextval('${schema}order_seq'),
  agent_id TEXT COLLATE "C" NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX escalation_budget_agent ON ${schema}escalation_budget (agent_id, created_at);
CREATE TABLE ${schema}escalation_requests (
  dfid TEXT COLLATE "C" PRIMARY KEY,
  agent_id TEXT NOT NULL,
  reason TEXT NOT NULL,
  context_json TEXT NOT NULL,
  proposal_json TEXT NOT NULL,
  impact TEXT NOT NULL,
  status TEXT NOT NULL DEFAULT 'PENDING',
  created_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
  resolved_at TIMESTAMPTZ,
  human_decision TEXT,
  position BIGINT NOT NULL DEFAULT nextval('${schema}order_seq')
);
CREATE INDEX escalation_requests_pending ON ${schema}escalation_requests (position) WHERE status = 'PENDING';
CREATE TABLE ${schema}flow_status (
  dfid TEXT COLLATE "C" PRIMARY KEY,
  status TEXT
);
CREATE TABLE ${schema}flow_transitions (
  id BIGINT PRIMARY KEY DEFAULT nextval('${schema}order_seq'),
  dfid TEXT COLLATE "C" NOT NULL,
  from_status TEXT,
  to_status TEXT NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX flow_transitions_flow ON ${schema}flow_transitions (dfid, id);
`,
  // Triggers come first: they wait for writes that are under way, and the sums then have all of them. They follow
  // processes of version 1 too, which go on meanwhile.
  (schema) => /* sql */ `
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
`,
]

export const SCHEMA_VERSION: number = STEPS.length

export const RECORD_TABLES = [
  'agent_registry',
  'context',
  'idempotency_cache',
  'decision_audit_events',
  'saga_dirty_state',
  'resource_locks',
  'intent_retry',
  'escalation_budget',
  'escalation_requests',
  'flow_status',
  'flow_transitions',
] as const

export const SEQUENCES = ['audit_seq', 'fence_seq', 'order_seq'] as const

/** What `dropNamespace` removes, dependent things first. */
export const dropSql = (namespace: string): string => {
  const list = (names: readonly string[]): string => names.map((name) => `"${namespace}".${name}`).join(', ')
  const tables = ['meta', 'kept_answers', 'resource_totals', 'budget_counts', ...RECORD_TABLES]
  return /* sql */ `DROP TABLE IF EXISTS ${list(tables)};
    DROP FUNCTION IF EXISTS ${list(['commit_works', 'keep_totals', 'keep_counts', 'window_count'])}; DROP SEQUENCE IF EXISTS ${list(SEQUENCES)}`
}
