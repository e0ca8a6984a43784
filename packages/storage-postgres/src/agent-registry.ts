import type { AgentExport } from '@dir/storage-core'
import type { AgentRegistryReads, AgentRegistryWrites } from '@dir/storage-core/adapter'
import { type Source, byKey } from './export-page.ts'
import { importRows } from './import-rows.ts'
import { BY_ID, GIVEN, type PgProtocol } from './protocol.ts'
import { type Row, number, text, textOrNull } from './session.ts'
import { instant, toTimestamp, utc } from './time.ts'

const AGENTS: Omit<Source<never>, 'toItem'> = {
  table: 'agent_registry',
  columns: `agent_id, contract, priority, status, agent_version, session_token, suspension_reason,
    ${utc('registered_at')}, ${utc('updated_at')}`,
  key: ['agent_id'],
  large: ['contract'],
}

export const agentRegistry: PgProtocol<AgentRegistryReads, AgentRegistryWrites, AgentExport> = {
  reads: {
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

    async listActiveAgents(db) {
      const rows = await db.read(
        /* sql */ `SELECT agent_id FROM ${db.schema}agent_registry WHERE status = 'ACTIVE' ORDER BY agent_id`,
      )
      return rows.map((row) => text(row, 'agent_id'))
    },

    agentsPage(db, status, cursor) {
      const filter = status === null ? {} : { fits: 'status = $1', values: [status] }
      return byKey(db, cursor, { ...AGENTS, ...filter, toItem: toWhole })
    },
  },

  writes: {
    upsertAgent: {
      write: /* sql */ `
        INSERT INTO agent_registry (agent_id, contract, priority, status, agent_version, session_token)
        SELECT a->0->>'agentId', a->0->>'contractJson', (a->0->>'priority')::INTEGER, a->0->>'status',
          a->0->>'agentVersion', a->0->>'sessionToken' FROM ${GIVEN}
        ON CONFLICT (agent_id) DO UPDATE SET contract = EXCLUDED.contract, priority = EXCLUDED.priority,
          status = EXCLUDED.status, agent_version = EXCLUDED.agent_version,
          session_token = EXCLUDED.session_token, updated_at = EXCLUDED.updated_at;`,
    },
    updateStatus: {
      judge: /* sql */ `SELECT w, c, NULL FROM ${GIVEN}
        WHERE (SELECT true FROM agent_registry WHERE agent_id = a->>0) IS NULL`,
      write: /* sql */ `${BY_ID}
        UPDATE agent_registry SET status = by_id->agent_id->>1, suspension_reason = by_id->agent_id->>2,
          updated_at = clock_timestamp()
        WHERE agent_id = ANY(ids);`,
    },
  },

  exportPage: (db, cursor) =>
    byKey(db, cursor, {
      ...AGENTS,
      toItem: (row) => ({ type: 'agent' as const, ...toWhole(row) }),
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

function toWhole(row: Row) {
  return {
    ...toAgent(row),
    registeredAt: instant(row, 'registered_at'),
    updatedAt: instant(row, 'updated_at'),
  }
}
