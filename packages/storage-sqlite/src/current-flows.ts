/** What the table below holds, computed. For a file of Python's that is read as it is. */
export const FLOWS_AS_VIEW = /* sql */ `SELECT MAX(id) AS id, dfid, to_status FROM flow_transitions GROUP BY dfid`

/** Puts a flow where its last transition left it. */
const settle = (flow: string): string => /* sql */ `DELETE FROM current_flows WHERE dfid = ${flow};
  INSERT INTO current_flows (id, dfid, to_status)
    SELECT id, dfid, to_status FROM flow_transitions WHERE dfid = ${flow} ORDER BY id DESC LIMIT 1;`

/** The flow whose last transition had the id that another flow's has now: INSERT OR REPLACE fires no delete trigger. */
const VACATE = /* sql */ `UPDATE current_flows SET (id, to_status) = (
      SELECT id, to_status FROM flow_transitions t WHERE t.dfid = current_flows.dfid ORDER BY t.id DESC LIMIT 1
    ) WHERE id = NEW.id AND dfid <> NEW.dfid AND EXISTS (SELECT 1 FROM flow_transitions t WHERE t.dfid = current_flows.dfid);
  DELETE FROM current_flows WHERE id = NEW.id AND dfid <> NEW.dfid;`

/**
 * Version 5: each flow's last transition, by status and in the order of insertion, so that nobody looks for it. Triggers keep
 * it, because other programs write the file too.
 */
export const CURRENT_FLOWS = /* sql */ `
CREATE TABLE IF NOT EXISTS current_flows (
  id INTEGER PRIMARY KEY,
  dfid TEXT NOT NULL UNIQUE,
  to_status TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS dir_storage_flows ON current_flows (to_status);
DELETE FROM current_flows;
INSERT INTO current_flows (id, dfid, to_status)
  ${FLOWS_AS_VIEW};
CREATE TRIGGER IF NOT EXISTS dir_storage_transition_added AFTER INSERT ON flow_transitions BEGIN
  ${VACATE}
  ${settle('NEW.dfid')}
END;
CREATE TRIGGER IF NOT EXISTS dir_storage_transition_changed AFTER UPDATE ON flow_transitions BEGIN
  ${VACATE}
  ${settle('OLD.dfid')}
  ${settle('NEW.dfid')}
END;
CREATE TRIGGER IF NOT EXISTS dir_storage_transition_removed AFTER DELETE ON flow_transitions
WHEN OLD.id IN (SELECT id FROM current_flows) BEGIN
  ${settle('OLD.dfid')}
END;
`
