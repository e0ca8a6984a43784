import { type AgentRegistryOperations, type Implementation, conditionalSteps } from '@dir/storage-core'
import { byKey, importRows } from './page.ts'
import { type PgSession, type Row, number, text, textOrNull } from './session.ts'
import { instant, toTimestamp, utc } from './time.ts'

async function updateStatus(
  db: PgSession,
  agentId: string,
  status: string,
  suspensionReason: string | null,
): Promise<boolean> {
  const rows = await db.write(
    /* sql */ `UPDATE ${db.schema}agent_registry
      SET status = $2, suspension_reason = $3, updated_at = clock_timestamp() WHERE agent_id = $1 RETURNING 1`,
    agentId,
    status,
    suspensionReason,
  )
  return rows.length > 0
}

export const agentRegistry: Implementation<AgentRegistryOperations, PgSession> = {
  async upsertAgent(db, { agentId, contractJson, priority, status, agentVersion, sessionToken }) {
    await db.write(
      /* sql */ `INSERT INTO ${db.schema}agent_registry AS a
          (agent_id, contract, priority, status, agent_version, session_token)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (agent_id) DO UPDATE SET contract = EXCLUDED.contract, priority = EXCLUDED.priority,
          status = EXCLUDED.status, agent_version = EXCLUDED.agent_version,
          session_token = EXCLUDED.session_token, updated_at = EXCLUDED.updated_at
        RETURNING 1`,
      agentId,
      contractJson,
      priority,
      status,
      agentVersion,
      sessionToken,
    )
  },

  async getAgent(db, agentId) {
    const [row] = await db.read(
      /* sql */ `SELECT * FROM ${db.schema}agent_registry WHERE agent_id = $1`,
      agentId,
    )
    return row === undefined ? null : toAgent(row)
  },

  async getStatus(db, agentId) {
    const [row] = await db.read(
      /* sql */ `SELECT status, suspension_reason FROM ${db.schema}agent_registry WHERE agent_id = $1`,
      agentId,
    )
    if (row === undefined) return null
    return { status: text(row, 'status'), suspensionReason: textOrNull(row, 'suspension_reason') }
  },

  updateStatus: conditionalSteps(updateStatus, {
    judge: async (db, agentId) => {
      const rows = await db.read(
        /* sql */ `SELECT 1 FROM ${db.schema}agent_registry WHERE agent_id = $1 FOR UPDATE`,
        agentId,
      )
      return rows.length > 0
    },
    enact: updateStatus,
  }),

  async listActiveAgents(db) {
    const rows = await db.read(
      /* sql */ `SELECT agent_id FROM ${db.schema}agent_registry WHERE status = 'ACTIVE' ORDER BY agent_id`,
    )
    return rows.map((row) => text(row, 'agent_id'))
  },

  exportPage: (db, cursor) =>
    byKey(db, cursor, {
      table: 'agent_registry',
      columns: `agent_id, contract, priority, status, agent_version, session_token, suspension_reason,
        ${utc('registered_at')}, ${utc('updated_at')}`,
      key: ['agent_id'],
      large: ['contract'],
      toItem: (row) => ({
        type: 'agent' as const,
        ...toAgent(row),
        registeredAt: instant(row, 'registered_at'),
        updatedAt: instant(row, 'updated_at'),
      }),
    }),

  async importPage(db, items) {
    await importRows(
      db,
      'agent_registry',
      ['agent_id'],
      items.map((agent) => ({
        agent_id: agent.agentId,
        contract: agent.contractJson,
        priority: agent.priority,
        status: agent.status,
        agent_version: agent.agentVersion,
        session_token: agent.sessionToken,
        suspension_reason: agent.suspensionReason,
        registered_at: toTimestamp(agent.registeredAt),
        updated_at: toTimestamp(agent.updatedAt),
      })),
    )
  },
}

function toAgent(row: Row) {
  return {
    agentId: text(row, 'agent_id'),
    contractJson: text(row, 'contract'),
    priority: number(row, 'priority'),
    status: text(row, 'status'),
    agentVersion: textOrNull(row, 'agent_version'),
    sessionToken: textOrNull(row, 'session_token'),
    suspensionReason: textOrNull(row, 'suspension_reason'),
  }
}
