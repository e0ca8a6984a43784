/** What a namespace was at first. Never changed: stores have it. */
export const toVersion1 = (schema: string): string => /* sql */ `
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
`
