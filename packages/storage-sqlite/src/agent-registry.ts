import type { AgentExport } from '@dir/storage-core'
import {
  type ListedAgentRow,
  type Operations,
  type SyncImplementation,
  conditionalWrite,
} from '@dir/storage-core/adapter'
import type { Statements } from './statements.ts'
import { byRowid, exportPage, hexOf } from './export-page.ts'
import { listed } from './listed.ts'
import { type Row, StoredRow } from './stored-row.ts'
import { now, toColumn } from './time.ts'

const TABLE = 'agent_registry'

export const agentRegistry: SyncImplementation<Operations['agentRegistry'], Statements> = {
  upsertAgent(db, { agentId, contractJson, priority, status, agentVersion, sessionToken }) {
    const time = toColumn(now())
    db.run(
      /* sql */ `INSERT INTO agent_registry
          (agent_id, contract, priority, status, agent_version, session_token, registered_at, updated_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (agent_id) DO UPDATE SET contract = excluded.contract, priority = excluded.priority,
          status = excluded.status, agent_version = excluded.agent_version,
          session_token = excluded.session_token, updated_at = excluded.updated_at`,
      agentId,
      db.json('agent_registry.contract', contractJson),
      priority,
      status,
      agentVersion,
      sessionToken,
      time,
      time,
    )
  },

  getAgent(db, agentId) {
    const found = db.get(/* sql */ `SELECT * FROM agent_registry WHERE agent_id = ?`, agentId)
    return found === undefined ? null : toAgent(new StoredRow(TABLE, found))
  },

  getStatus(db, agentId) {
    const found = db.get(
      /* sql */ `SELECT status, suspension_reason FROM agent_registry WHERE agent_id = ?`,
      agentId,
    )
    if (found === undefined) return null
    const row = new StoredRow(TABLE, found)
    return { status: row.text('status'), suspensionReason: row.textOrNull('suspension_reason') }
  },

  updateStatus: conditionalWrite(
    (db: Statements, agentId: string, _status: string, _suspensionReason: string | null) =>
      db.get(/* sql */ `SELECT 1 FROM agent_registry WHERE agent_id = ?`, agentId) !== undefined,
    (db, agentId, status, suspensionReason) => {
      db.run(
        /* sql */ `UPDATE agent_registry SET status = ?, suspension_reason = ?, updated_at = ? WHERE agent_id = ?`,
        status,
        suspensionReason,
        toColumn(now()),
        agentId,
      )
      return true
    },
  ),

  listActiveAgents: listed(
    () => ({
      sql: /* sql */ `SELECT agent_id FROM agent_registry
        WHERE status = 'ACTIVE' AND typeof(agent_id) = 'text' ORDER BY agent_id`,
      values: [],
    }),
    (row) => new StoredRow(TABLE, row).text('agent_id'),
  ),

  agentsPage(db, status, cursor) {
    // what is no text comes after all that is
    const sql = /* sql */ `SELECT *, CAST(agent_id AS BLOB) AS place FROM agent_registry
      WHERE agent_id ${cursor === null ? '>=' : '>'} CAST(? AS TEXT) AND agent_id < x'' ORDER BY agent_id LIMIT 500`
    const page = db.page(sql, Buffer.from(cursor ?? '', 'hex'))
    const last = page.at(-1)
    return {
      items: page.filter((found) => status === null || found['status'] === status).map(toListed),
      next: last === undefined ? null : hexOf(last['place']),
    }
  },

  exportPage: (db, cursor) => exportPage(db, cursor, [{ sql: byRowid(TABLE), toItem: toExport }]),

  importPage(db, items) {
    for (const item of items)
      db.run(
        /* sql */ `INSERT OR REPLACE INTO agent_registry (agent_id, contract, priority, status, agent_version,
            session_token, suspension_reason, registered_at, updated_at)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        item.agentId,
        db.json('agent_registry.contract', item.contractJson),
        item.priority,
        item.status,
        item.agentVersion,
        item.sessionToken,
        item.suspensionReason,
        toColumn(item.registeredAt),
        toColumn(item.updatedAt),
      )
  },
}

function toAgent(row: StoredRow) {
  return {
    agentId: row.text('agent_id'),
    contractJson: row.jsonOrEmpty('contract'),
    priority: row.number('priority'),
    status: row.text('status'),
    agentVersion: row.textOrNull('agent_version'),
    sessionToken: row.textOrNull('session_token'),
    suspensionReason: row.textOrNull('suspension_reason'),
  }
}

function toWhole(row: StoredRow) {
  return { ...toAgent(row), registeredAt: row.time('registered_at'), updatedAt: row.time('updated_at') }
}

function toListed(found: Row): ListedAgentRow {
  const row = new StoredRow(TABLE, found, true)
  return { ...toWhole(row), ...row.trouble }
}

function toExport(found: Row): AgentExport {
  const row = new StoredRow(TABLE, found, true)
  return { type: 'agent', ...toWhole(row), ...row.fitness }
}
