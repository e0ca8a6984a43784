import BetterSqlite3 from 'better-sqlite3'
import type { AuditTable } from './rows.ts'

export function sqliteTable(file: string): AuditTable {
  const db = new BetterSqlite3(file)
  const remove = db.prepare(/* sql */ `DELETE FROM decision_audit_events WHERE id = ?`)
  const insert = db.prepare(/* sql */ `INSERT INTO decision_audit_events
    (id, dfid, event, timestamp, step_id, state, detail_json) VALUES (?, ?, ?, ?, ?, ?, ?)`)
  const insertAgent = db.prepare(/* sql */ `INSERT INTO decision_audit_agents (id, agent_id) VALUES (?, ?)`)
  return {
    async replace(seqs, rows) {
      for (const seq of seqs) remove.run(seq)
      for (const { seq, dfid, event, timestamp, stepId, state, agentId, detailsJson } of rows) {
        insert.run(seq, dfid, event, timestamp, stepId, state, detailsJson)
        if (agentId !== null) insertAgent.run(seq, agentId)
      }
    },
    close: async () => void db.close(),
  }
}
