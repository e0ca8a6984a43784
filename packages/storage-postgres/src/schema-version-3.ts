/** Who decided a request, and requests in the order of insertion: all of them, and those of an agent. Never changed: stores have it. */
export const toVersion3 = (schema: string): string => /* sql */ `
ALTER TABLE ${schema}escalation_requests ADD COLUMN resolved_by TEXT;
CREATE INDEX escalation_requests_position ON ${schema}escalation_requests (position, dfid);
CREATE INDEX escalation_requests_agent ON ${schema}escalation_requests (agent_id COLLATE "C", position, dfid);
`
