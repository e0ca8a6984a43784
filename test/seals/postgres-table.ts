import pg from 'pg'
import type { AuditTable } from './rows.ts'

export async function postgresTable(url: string, namespace: string): Promise<AuditTable> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  return {
    async replace(seqs, rows) {
      await client.query(/* sql */ `DELETE FROM "${namespace}".decision_audit_events WHERE seq = ANY ($1)`, [
        seqs,
      ])
      for (const { seq, dfid, event, timestamp, stepId, state, agentId, detailsJson } of rows)
        await client.query(
          /* sql */ `INSERT INTO "${namespace}".decision_audit_events
            (seq, dfid, event, "timestamp", step_id, state, agent_id, detail_json)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
          [seq, dfid, event, timestamp, stepId, state, agentId, detailsJson],
        )
    },
    close: () => client.end(),
  }
}
