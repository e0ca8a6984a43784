/** Micro-units of an amount that somebody else wrote, or NULL where it cannot be summed. The part after the point is exact, while the product of the whole would be rounded. */
const microsOf = (amount: string): string => /* sql */ `CASE
    WHEN typeof(${amount}) IN ('real', 'integer') AND ${amount} BETWEEN 0 AND 9007199254
    THEN CAST(${amount} AS INTEGER) * 1000000
      + CAST(ROUND((${amount} - CAST(${amount} AS INTEGER)) * 1e6) AS INTEGER) END`

/** The same for a hold of ours, whose exact amount stands beside it and counts while the amount is the one that it gave. */
const micros = (amount: string): string => /* sql */ `CASE
    WHEN ${amount} = micros / 1000000.0 THEN micros ELSE ${microsOf(amount)} END`

/** Adds a lease's amount to its resource's total, or takes it away. Units and the rest apart: one sum could exceed 64 bits. */
const add = (
  row: string,
): string => /* sql */ `INSERT INTO resource_lock_totals (resource_id, holds, unreadable, units, rest)
    VALUES (${row}.resource_id, 1, ${row}.micros IS NULL,
      COALESCE(${row}.micros / 1000000, 0), COALESCE(${row}.micros % 1000000, 0))
    ON CONFLICT (resource_id) DO UPDATE SET holds = holds + 1, unreadable = unreadable + excluded.unreadable,
      units = units + excluded.units, rest = rest + excluded.rest;`
const subtract = (row: string): string => /* sql */ `UPDATE resource_lock_totals SET holds = holds - 1,
      unreadable = unreadable - (${row}.micros IS NULL),
      units = units - COALESCE(${row}.micros / 1000000, 0), rest = rest - COALESCE(${row}.micros % 1000000, 0)
    WHERE resource_id = ${row}.resource_id;
  DELETE FROM resource_lock_totals WHERE resource_id = ${row}.resource_id AND holds <= 0;`

/** How many characters of a token's time its four counters have: its day, hour, minute and second. */
export const DIGITS = [10, 13, 16, 19] as const

const periods = (row: string, member: (digits: number, period: string) => string): string =>
  DIGITS.map((digits) => member(digits, `substr(${row}.created_at, 1, ${digits})`)).join(', ')
const count = (
  row: string,
): string => /* sql */ `INSERT INTO escalation_budget_windows (agent_id, digits, period, tokens)
    SELECT ${row}.agent_id, column1, column2, 1 FROM (VALUES ${periods(row, (digits, period) => `(${digits}, ${period})`)})
    WHERE typeof(${row}.created_at) = 'text'
    ON CONFLICT (agent_id, digits, period) DO UPDATE SET tokens = tokens + 1;`
const discount = (row: string): string => {
  const where = `agent_id = ${row}.agent_id AND typeof(${row}.created_at) = 'text'
      AND (digits, period) IN (VALUES ${periods(row, (digits, period) => `(${digits}, ${period})`)})`
  return /* sql */ `UPDATE escalation_budget_windows SET tokens = tokens - 1 WHERE ${where};
  DELETE FROM escalation_budget_windows WHERE ${where} AND tokens <= 0;`
}

const ALL_DIGITS = /* sql */ `(VALUES ${DIGITS.map((digits) => `(${digits})`).join(', ')})`

/** What the tables below hold, computed. For a file of Python's that is read as it is. */
export const TOTALS_AS_VIEWS: Readonly<Record<string, string>> = {
  resource_lock_leases: /* sql */ `SELECT dfid, resource_id, NULL AS expires_at, 0 AS fence, ${microsOf('amount')} AS micros
  FROM resource_locks`,
  resource_lock_totals: /* sql */ `SELECT resource_id, COUNT(*) AS holds, COUNT(*) - COUNT(micros) AS unreadable,
    COALESCE(SUM(micros / 1000000), 0) AS units, COALESCE(SUM(micros % 1000000), 0) AS rest
  FROM resource_lock_leases GROUP BY resource_id`,
  escalation_budget_windows: /* sql */ `SELECT agent_id, column1 AS digits, substr(created_at, 1, column1) AS period,
    COUNT(*) AS tokens
  FROM escalation_budget, ${ALL_DIGITS} WHERE typeof(created_at) = 'text' GROUP BY 1, 2, 3`,
}

/**
 * Version 3: what is held of a resource, and how many tokens an agent spent in a period, are kept as running totals, so
 * that nobody sums. Triggers keep them, because other programs write the file too. Every hold has a lease from now on,
 * those of other programs one without an end: what replaces a hold by INSERT OR REPLACE fires no delete trigger, so
 * the lease says what the old one counted for.
 */
export const RUNNING_TOTALS = /* sql */ `
DROP TRIGGER IF EXISTS dir_storage_lock_written;
DELETE FROM resource_lock_leases WHERE NOT EXISTS (SELECT 1 FROM resource_locks h
  WHERE h.dfid = resource_lock_leases.dfid AND h.resource_id = resource_lock_leases.resource_id);
UPDATE resource_lock_leases SET micros = (SELECT ${micros('h.amount')} FROM resource_locks h
  WHERE h.dfid = resource_lock_leases.dfid AND h.resource_id = resource_lock_leases.resource_id);
INSERT INTO resource_lock_leases (dfid, resource_id, expires_at, fence, micros)
  SELECT h.dfid, h.resource_id, NULL, 0, ${microsOf('h.amount')} FROM resource_locks h
  WHERE NOT EXISTS (SELECT 1 FROM resource_lock_leases l WHERE l.dfid = h.dfid AND l.resource_id = h.resource_id);
CREATE TABLE IF NOT EXISTS resource_lock_totals (
  resource_id TEXT PRIMARY KEY,
  holds INTEGER NOT NULL,
  unreadable INTEGER NOT NULL,
  units INTEGER NOT NULL,
  rest INTEGER NOT NULL
) WITHOUT ROWID;
DELETE FROM resource_lock_totals;
INSERT INTO resource_lock_totals (resource_id, holds, unreadable, units, rest)
  ${TOTALS_AS_VIEWS['resource_lock_totals']};
CREATE TABLE IF NOT EXISTS escalation_budget_windows (
  agent_id TEXT NOT NULL,
  digits INTEGER NOT NULL,
  period TEXT NOT NULL,
  tokens INTEGER NOT NULL,
  PRIMARY KEY (agent_id, digits, period)
) WITHOUT ROWID;
DELETE FROM escalation_budget_windows;
INSERT INTO escalation_budget_windows (agent_id, digits, period, tokens)
  ${TOTALS_AS_VIEWS['escalation_budget_windows']};
CREATE TRIGGER dir_storage_lock_written AFTER INSERT ON resource_locks BEGIN
  INSERT INTO resource_lock_leases (dfid, resource_id, expires_at, fence, micros)
    VALUES (NEW.dfid, NEW.resource_id, NULL, 0, ${microsOf('NEW.amount')});
END;
CREATE TRIGGER IF NOT EXISTS dir_storage_lock_changed AFTER UPDATE OF dfid, resource_id, amount ON resource_locks BEGIN
  DELETE FROM resource_lock_leases WHERE dfid = NEW.dfid AND resource_id = NEW.resource_id
    AND (dfid <> OLD.dfid OR resource_id <> OLD.resource_id);
  UPDATE resource_lock_leases SET dfid = NEW.dfid, resource_id = NEW.resource_id, micros = ${micros('NEW.amount')}
    WHERE dfid = OLD.dfid AND resource_id = OLD.resource_id;
END;
CREATE TRIGGER IF NOT EXISTS dir_storage_lease_replaced BEFORE INSERT ON resource_lock_leases BEGIN
  DELETE FROM resource_lock_leases WHERE dfid = NEW.dfid AND resource_id = NEW.resource_id;
END;
CREATE TRIGGER IF NOT EXISTS dir_storage_lease_added AFTER INSERT ON resource_lock_leases BEGIN
  ${add('NEW')}
END;
CREATE TRIGGER IF NOT EXISTS dir_storage_lease_removed AFTER DELETE ON resource_lock_leases BEGIN
  ${subtract('OLD')}
END;
CREATE TRIGGER IF NOT EXISTS dir_storage_lease_changed AFTER UPDATE OF resource_id, micros ON resource_lock_leases
WHEN NEW.micros IS NOT OLD.micros OR NEW.resource_id <> OLD.resource_id BEGIN
  ${subtract('OLD')}
  ${add('NEW')}
END;
CREATE TRIGGER IF NOT EXISTS dir_storage_token_replaced BEFORE INSERT ON escalation_budget
WHEN NEW.id IN (SELECT id FROM escalation_budget) BEGIN
  DELETE FROM escalation_budget WHERE id = NEW.id;
END;
CREATE TRIGGER IF NOT EXISTS dir_storage_token_added AFTER INSERT ON escalation_budget BEGIN
  ${count('NEW')}
END;
CREATE TRIGGER IF NOT EXISTS dir_storage_token_removed AFTER DELETE ON escalation_budget BEGIN
  ${discount('OLD')}
END;
CREATE TRIGGER IF NOT EXISTS dir_storage_token_changed AFTER UPDATE OF agent_id, created_at ON escalation_budget BEGIN
  ${discount('OLD')}
  ${count('NEW')}
END;
`
